import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Hub } from '../hub';
import { StoreClock } from '../shared';

const TICK_MS = 1000;

/**
 * Ends connections whose token has run out, by the store's clock. One tick for all of them: a timer of each would
 * have to be set again at every `auth:refresh`, and Node fires those beyond 24.8 days at once.
 */
@Injectable()
export class TokenExpiry implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly hub: Hub,
    private readonly clock: StoreClock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.hub.endExpired(this.clock.now()), TICK_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }
}
