export { noStore } from './no-store';
export { ProblemFilter } from './problem.filter';
export { requestLog } from './request-log';
export { securityHeaders } from './security-headers';
