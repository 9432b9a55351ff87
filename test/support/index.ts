export * from './beeline-node';
export * from './client';
export * from './redis-cluster';
export * from './redis-server';
export * from './rest';
export * from './wait-until';
