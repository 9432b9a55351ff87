export { ProblemFilter } from './problem.filter';
export { securityHeaders } from './security-headers';
