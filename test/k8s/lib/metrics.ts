/** Every metric of a node, with its type and the labels it has of its own. */
export const METRICS: Record<string, { type: 'counter' | 'gauge' | 'histogram'; labels?: string[] }> = {
  beeline_connections: { type: 'gauge' },
  beeline_handshakes_total: { type: 'counter', labels: ['result'] },
  beeline_sends_total: { type: 'counter', labels: ['result'] },
  beeline_routes_total: { type: 'counter', labels: ['outcome'] },
  beeline_publishes_total: { type: 'counter' },
  beeline_publishes_unheard_total: { type: 'counter' },
  beeline_delivery_seconds: { type: 'histogram' },
  beeline_inbox_appends_total: { type: 'counter' },
  beeline_replays_total: { type: 'counter' },
  beeline_replayed_messages: { type: 'histogram' },
  beeline_catchups_total: { type: 'counter', labels: ['cause'] },
  beeline_lagging_connections: { type: 'gauge' },
  beeline_evictions_total: { type: 'counter' },
  beeline_lease_age_seconds: { type: 'gauge' },
  beeline_lease_seconds: { type: 'gauge' },
  beeline_sweep_duration_seconds: { type: 'histogram' },
  beeline_oldest_sweep_seconds: { type: 'gauge' },
  beeline_sweep_interval_seconds: { type: 'gauge' },
  beeline_transports_ended_total: { type: 'counter', labels: ['cause'] },
  beeline_store_free_bytes: { type: 'gauge' },
  beeline_store_reopenings_total: { type: 'counter' },
  beeline_store_damaged_total: { type: 'counter' },
  beeline_store_missing_total: { type: 'counter' },
  beeline_redis_roundtrip_seconds: { type: 'histogram' },
  beeline_eventloop_delay_seconds: { type: 'gauge', labels: ['quantile'] },
  beeline_malformed_envelopes_total: { type: 'counter' },
  beeline_dedupe_hits_total: { type: 'counter' },
  beeline_ready: { type: 'gauge' },
};

/** What Prometheus's own configuration adds to every series of a pod. */
const ADDED_LABELS = ['namespace', 'pod', 'le'];

/** What an expression asks for that no node has. */
export function unknownIn(expression: string): string[] {
  const faults: string[] = [];
  for (const [, name = '', matchers = ''] of expression.matchAll(/(beeline_\w+)(?:\{([^}]*)\})?/g)) {
    const metric = METRICS[name] ?? METRICS[name.replace(/_(bucket|count|sum)$/, '')];
    const isPart = METRICS[name] === undefined;
    if (metric === undefined || isPart !== (metric.type === 'histogram')) faults.push(name);
    for (const [, label = ''] of matchers.matchAll(/(\w+)\s*[=!]/g)) {
      if (![...ADDED_LABELS, ...(metric?.labels ?? [])].includes(label)) faults.push(`${name}{${label}}`);
    }
    const isRate = new RegExp(`(rate|increase|max_over_time)\\(${name}\\b`).test(expression);
    if (metric !== undefined && isRate !== (metric.type !== 'gauge'))
      faults.push(`${name} is a ${metric.type}`);
  }
  return faults;
}
