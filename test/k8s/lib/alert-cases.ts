/** Series of half an hour, a value each 15 seconds, as promtool writes them. */
interface Case {
  fires: Record<string, string>;
  still: Record<string, string>;
}

const POD = 'namespace="beeline", pod="beeline-1"';
const OTHER = 'namespace="another", pod="beeline-1"';

/** A counter's or gauge's name with the labels that Prometheus adds, and its own. */
function of(name: string, labels = '', pod = POD): string {
  return `${name}{${[pod, labels].filter(Boolean).join(', ')}}`;
}

const always = (value: number): string => `${value}x120`;
const growing = (by: number): string => `0+${by}x120`;

/** A histogram of which as many as that are slower than the bound, of a hundred in each scrape. */
function slow(name: string, bound: string, count: number): Record<string, string> {
  return {
    [of(`${name}_bucket`, `le="${bound}"`)]: growing(100 - count),
    [of(`${name}_bucket`, 'le="2.5"')]: growing(100),
    [of(`${name}_bucket`, 'le="+Inf"')]: growing(100),
  };
}

/** A part of a counter, of a thousand in each scrape; in another namespace everything is well and ten times as much. */
function part(name: string, label: string, bad: string, good: string, count: number): Record<string, string> {
  return {
    [of(name, `${label}="${bad}"`)]: growing(count),
    [of(name, `${label}="${good}"`)]: growing(1000 - count),
    [of(name, `${label}="${bad}"`, OTHER)]: always(0),
    [of(name, `${label}="${good}"`, OTHER)]: growing(10_000),
  };
}

const lost = (sweeps: number): Record<string, string> => ({
  [of('beeline_catchups_total', 'cause="sweep"')]: growing(sweeps),
  [of('beeline_routes_total', 'outcome="remote"')]: growing(1000),
});
const unheard = (count: number): Record<string, string> => ({
  [of('beeline_publishes_unheard_total')]: growing(count),
  [of('beeline_publishes_total')]: growing(1000),
});
const lagging = (count: number): Record<string, string> => ({
  [of('beeline_lagging_connections')]: always(count),
  [of('beeline_connections')]: always(1000),
});
/** A lease and a round of sweeps of other lengths than the default ones. */
const leaseAged = (age: number): Record<string, string> => ({
  [of('beeline_lease_age_seconds')]: always(age),
  [of('beeline_lease_seconds')]: always(30),
});
const swept = (age: number): Record<string, string> => ({
  [of('beeline_oldest_sweep_seconds')]: always(age),
  [of('beeline_sweep_interval_seconds')]: always(60),
});

/** For each alert what makes it fire, in one namespace once, and what is near to that and must not. */
export const CASES: Record<string, Case> = {
  BeelineGone: {
    fires: { [of('beeline_ready', '', OTHER)]: always(1) },
    still: { [of('beeline_ready')]: always(0) },
  },
  BeelineNodeSilent: {
    fires: { [of('up', 'job="beeline"')]: always(0), [of('up', 'job="redis"')]: always(0) },
    still: { [of('up', 'job="beeline"')]: '1x112 0x2 1x6', [of('up', 'job="redis"')]: always(0) },
  },
  BeelineNotReady: {
    fires: { [of('beeline_ready')]: always(0) },
    still: { [of('beeline_ready')]: '1x110 0x5 1x10' },
  },
  BeelineLeaseLate: { fires: leaseAged(25), still: leaseAged(20) },
  BeelineEventLoopBlocked: {
    fires: { [of('beeline_eventloop_delay_seconds', 'quantile="0.99"')]: always(0.3) },
    still: {
      [of('beeline_eventloop_delay_seconds', 'quantile="0.99"')]: always(0.2),
      [of('beeline_eventloop_delay_seconds', 'quantile="1"')]: always(3),
    },
  },
  BeelineSendsFail: {
    fires: part('beeline_sends_total', 'result', 'unavailable', 'ok', 20),
    still: part('beeline_sends_total', 'result', 'rate_limited', 'ok', 500),
  },
  BeelineHandshakesFail: {
    fires: part('beeline_handshakes_total', 'result', 'unavailable', 'ok', 100),
    still: part('beeline_handshakes_total', 'result', 'unauthorized', 'ok', 900),
  },
  BeelineDeliverySlow: {
    fires: slow('beeline_delivery_seconds', '1', 5),
    still: slow('beeline_delivery_seconds', '1', 0),
  },
  BeelinePublishesUnheard: { fires: unheard(100), still: unheard(10) },
  BeelineSweepsHeal: { fires: lost(20), still: lost(5) },
  BeelineStaleRoutes: {
    fires: part('beeline_routes_total', 'outcome', 'stale', 'local', 100),
    still: part('beeline_routes_total', 'outcome', 'stale', 'local', 10),
  },
  BeelineMalformedEnvelopes: {
    fires: { [of('beeline_malformed_envelopes_total')]: growing(1) },
    still: { [of('beeline_malformed_envelopes_total')]: '0x60 1x60' },
  },
  BeelineReceiversLag: { fires: lagging(100), still: lagging(20) },
  BeelineEvicts: {
    fires: { [of('beeline_evictions_total')]: growing(1) },
    still: { [of('beeline_evictions_total')]: '0x90 10x30' },
  },
  BeelineRedisSlow: {
    fires: slow('beeline_redis_roundtrip_seconds', '0.1', 5),
    still: slow('beeline_redis_roundtrip_seconds', '0.1', 0),
  },
  BeelineSweepLate: { fires: swept(95), still: swept(70) },
  BeelineDiskFull: {
    fires: {
      [of('beeline_store_free_bytes')]: always(0),
      [of('beeline_redis_roundtrip_seconds_count')]: always(0),
    },
    still: {
      [of('beeline_store_free_bytes')]: always(0),
      [of('beeline_redis_roundtrip_seconds_count')]: '0x60 10+0x60',
    },
  },
  BeelineStoreDamaged: {
    fires: { [of('beeline_store_damaged_total')]: always(1) },
    still: { [of('beeline_store_damaged_total')]: '3x30 0x90' },
  },
  BeelineMessagesMissing: {
    fires: { [of('beeline_store_missing_total')]: always(7) },
    still: { [of('beeline_store_missing_total')]: '7x30 0x90' },
  },
};
