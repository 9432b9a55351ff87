export * from './beeline-node';
export * from './client';
export * from './faults';
export * from './matchers';
export * from './random';
export * from './redis-server';
export * from './rest';
export * from './wait-until';
