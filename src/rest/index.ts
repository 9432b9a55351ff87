export { BoundedExpressAdapter } from './bounded-http';
export { knownOrigins } from './known-origins';
export { noStore } from './no-store';
export { operatorsOnly } from './operators-only';
export { pageFiles } from './page-files';
export { ProblemFilter } from './problem.filter';
export { requestLog } from './request-log';
export { securityHeaders } from './security-headers';
