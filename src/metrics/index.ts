export { type CatchUpCause, Metrics } from './metrics';
export { MetricsModule } from './metrics.module';
