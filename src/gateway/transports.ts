import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Metrics } from '../metrics';
import { monotonicMs } from '../shared';
import type { EngineSocket } from './beeline-socket';
import { TransportGuard } from './transport-guard';

const TICK_MS = 1000;
/** Transports on which nobody has said a word: each may hold 64 KiB. */
const MAX_SILENT = 1000;

/** Every transport of this node, guarded from the moment that it is open. One tick a second for all of them. */
@Injectable()
export class Transports implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly guards = new Map<EngineSocket, TransportGuard>();
  private readonly silent = new Set<EngineSocket>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly metrics: Metrics) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Whether so many have said nothing yet that a further one must wait. */
  get isFull(): boolean {
    return this.silent.size >= MAX_SILENT;
  }

  /** A transport has been opened. */
  open(conn: EngineSocket): void {
    this.silent.add(conn);
    const guard = new TransportGuard(
      conn,
      monotonicMs,
      () => this.silent.delete(conn),
      (why) => this.metrics.endedTransports.inc(why),
    );
    this.guards.set(conn, guard);
    conn.once('close', () => {
      this.guards.delete(conn);
      this.silent.delete(conn);
    });
  }

  admitted(conn: EngineSocket): void {
    this.guards.get(conn)?.admitted();
  }

  refused(conn: EngineSocket): void {
    const guard = this.guards.get(conn);
    if (guard === undefined) return;
    this.silent.add(conn);
    guard.refused();
  }

  private tick(): void {
    const nowMs = monotonicMs();
    for (const guard of this.guards.values()) guard.tick(nowMs);
  }
}
