export { type CatchUpCause, type TransportEnd, Metrics } from './metrics';
export { MetricsModule } from './metrics.module';
