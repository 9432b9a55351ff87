import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';
import { ERROR_CODES, type ErrorCode } from '../shared';
import { measureEventLoopDelay } from './event-loop-delay';
import { LabelledCounter, type Named } from './labelled-counter';
import { Reading } from './reading';

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

/** `gone`: the client had left before it was let in. */
export type HandshakeResult = 'ok' | 'gone' | ErrorCode;
export type SendResult = 'ok' | 'duplicate' | ErrorCode;
/** `stale`: found on the node that was told of a connection which it has not. */
export type RouteOutcome = 'local' | 'remote' | 'offline' | 'stale';
/**
 * Why a transport was ended outside any session of its client: nothing asked in time, more bytes than a handshake has,
 * something else than a handshake, a message begun and not ended, or pings and the like without end.
 */
export type TransportEnd = 'silent' | 'too_large' | 'no_handshake' | 'unfinished' | 'noise';
/** Why a feed that was live, or lagged, has to read from the inbox. */
export type CatchUpCause = 'gap' | 'sweep' | 'resubscribe' | 'lagging';

/** From what one script takes to a time-out. */
const ROUNDTRIP_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
/** From a push at once to one that a sweep had to bring, or a phone that was away. */
const DELIVERY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const MESSAGES = [0, 1, 10, 50, 100, 500, 1000, 5000, 10_000];

/**
 * What a node counts, each under the name that dashboards know it by; docs/metrics.md is the list. A registry for
 * each application: several nodes run in one process in tests, and each counts for itself.
 */
@Injectable()
export class Metrics implements OnApplicationShutdown {
  readonly registry = new Registry();

  readonly connections = new Reading(
    this.named('beeline_connections', 'Connections that this node holds, those being admitted included.'),
  );
  readonly handshakes = new LabelledCounter<HandshakeResult>(
    this.named(
      'beeline_handshakes_total',
      'Handshakes, by how they ended; refusals at the upgrade included.',
    ),
    'result',
    ['ok', 'gone', ...CODES],
  );
  readonly sends = new LabelledCounter<SendResult>(
    this.named('beeline_sends_total', 'Sends over Socket.IO and REST, by how they were answered.'),
    'result',
    ['ok', 'duplicate', ...CODES],
  );
  readonly routes = new LabelledCounter<RouteOutcome>(
    this.named(
      'beeline_routes_total',
      'Places that a sent message was routed to: a node each, or offline where there was none. Stale: word of a message for a connection that is not here.',
    ),
    'outcome',
    ['local', 'remote', 'offline', 'stale'],
  );
  readonly publishes = this.counter(
    'beeline_publishes_total',
    'Envelopes published to other nodes; heartbeats are none.',
  );
  readonly unheardPublishes = this.counter(
    'beeline_publishes_unheard_total',
    'Publishes that nobody listened to. Not counted in a Redis Cluster, where the number that it answers means nothing.',
  );
  readonly delivery = this.histogram(
    'beeline_delivery_seconds',
    "From send to push, across nodes, by the store's clock; live pushes only, no replay and no catch-up.",
    DELIVERY_SECONDS,
  );
  readonly appends = this.counter(
    'beeline_inbox_appends_total',
    "Messages appended to inboxes, copies to the sender's own devices included.",
  );
  readonly dedupeHits = this.counter(
    'beeline_dedupe_hits_total',
    'Appends that the store answered from its dedupe record, and stored nothing; copies included.',
  );
  readonly replays = this.counter(
    'beeline_replays_total',
    'Replays that have met the live flow: one for each channel of a new connection.',
  );
  readonly replayedMessages = this.histogram(
    'beeline_replayed_messages',
    'Messages that a replay pushed.',
    MESSAGES,
  );
  readonly catchUps = new LabelledCounter<CatchUpCause>(
    this.named(
      'beeline_catchups_total',
      'Feeds that had to read from the inbox after their replay: a push did not follow the one before (gap), a sweep found them behind (sweep), as one did that was made because pushes may have been lost (resubscribe), or their client had not kept up (lagging).',
    ),
    'cause',
    ['gap', 'sweep', 'resubscribe', 'lagging'],
  );
  readonly laggingConnections = new Reading(
    this.named(
      'beeline_lagging_connections',
      'Connections whose client does not keep up with what it is sent.',
    ),
  );
  readonly evictions = this.counter(
    'beeline_evictions_total',
    'Connections ended because they did not read, or went on past their limits.',
  );
  readonly endedTransports = new LabelledCounter<TransportEnd>(
    this.named(
      'beeline_transports_ended_total',
      'WebSockets ended for what no client library does: no handshake in time (silent), more bytes than a handshake has (too_large), something else (no_handshake), a message begun and not ended (unfinished), pings and the like without end (noise).',
    ),
    'cause',
    ['silent', 'too_large', 'no_handshake', 'unfinished', 'noise'],
  );
  readonly leaseAge = new Reading(
    this.named('beeline_lease_age_seconds', 'Since the lease of this node was last taken or renewed.'),
  );
  readonly lease = new Reading(
    this.named('beeline_lease_seconds', 'How long a lease lasts: `NODE_LEASE_MS`.'),
  );
  readonly ready = new Reading(
    this.named('beeline_ready', '1 where the node may be sent clients, as at `/readyz`; 0 otherwise.'),
  );
  readonly sweepDuration = this.histogram(
    'beeline_sweep_duration_seconds',
    "One user's sweep, from asking the store to the feeds that it set reading.",
    ROUNDTRIP_SECONDS,
  );
  readonly oldestSweep = new Reading(
    this.named(
      'beeline_oldest_sweep_seconds',
      'Since the user of this node was compared with the store for whom that is longest ago; under `SWEEP_INTERVAL_MS` and a little where all is well.',
    ),
  );
  readonly sweepInterval = new Reading(
    this.named(
      'beeline_sweep_interval_seconds',
      'How long a round of sweeps should take: `SWEEP_INTERVAL_MS`.',
    ),
  );
  readonly redisRoundtrip = this.histogram(
    'beeline_redis_roundtrip_seconds',
    'One command or script, from when it was handed to the client library, whatever came of it; the messages of a busy turn share a script. Nothing with the embedded store.',
    ROUNDTRIP_SECONDS,
  );
  readonly malformedEnvelopes = this.counter(
    'beeline_malformed_envelopes_total',
    'Payloads on the channel of this node that are no envelope of a version that it knows.',
  );
  readonly storeFreeBytes = new Reading(
    this.named(
      'beeline_store_free_bytes',
      'Room left on the disk of the embedded store, looked at every ten seconds. 0 with Redis.',
    ),
  );
  readonly storeReopenings = this.counter(
    'beeline_store_reopenings_total',
    'Times that the embedded store was closed after a failed write and opened anew.',
  );
  readonly storeDamagedRecords = this.counter(
    'beeline_store_damaged_total',
    'Records of the embedded store that are not what was written, each counted once by a process.',
  );
  readonly storeMissingMessages = this.counter(
    'beeline_store_missing_total',
    'Messages that inboxes of the embedded store have lost, as found each time that it was opened.',
  );
  private readonly eventLoop = measureEventLoopDelay(
    this.named(
      'beeline_eventloop_delay_seconds',
      'How late the event loop was since the scrape before; quantile 1 is the latest.',
    ),
  );

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Everything, as Prometheus reads it. */
  print(): Promise<string> {
    return this.registry.metrics();
  }

  onApplicationShutdown(): void {
    this.eventLoop.stop();
  }

  private named(name: string, help: string): Named {
    return { name, help, registry: this.registry };
  }

  private counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: [this.registry] });
  }

  private histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name, help, buckets, registers: [this.registry] });
  }
}
