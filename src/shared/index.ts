export * from './clock';
export * from './errors';
export * from './ids';
export * from './message';
export * from './offset';
export * from './validation';
export * from './json';
export * from './pairs';
