export { ProblemFilter } from './problem.filter';
