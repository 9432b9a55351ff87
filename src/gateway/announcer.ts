import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Logger } from '../logging';
import { NodeService } from '../node';
import { type Json, newMessageId, StoreClock } from '../shared';
import type { BeelineServer } from './beeline-socket';
import { Broadcast } from './broadcast.port';

/** Tells every connection of the cluster. This, and nothing that is meant for one user, goes through Socket.IO's adapter. */
@Injectable()
export class Announcer implements OnApplicationBootstrap {
  private server: BeelineServer | undefined;

  constructor(
    private readonly broadcast: Broadcast,
    private readonly clock: StoreClock,
    private readonly logger: Logger,
    private readonly node: NodeService,
  ) {}

  /** Given by the adapter that makes the server, which Nest does before the store is connected. */
  useServer(server: BeelineServer): void {
    this.server = server;
  }

  onApplicationBootstrap(): void {
    this.broadcast.install(this.requireServer());
    this.node.require(() => this.broadcast.fault);
  }

  /** `unavailable` where the store can't be reached; see Broadcast. */
  async announce(body: Json): Promise<{ id: string; sentAt: number }> {
    const [server, id, sentAt] = [this.requireServer(), newMessageId(), this.clock.now()];
    await this.broadcast.send(() => server.emit('announcement', { id, body, sentAt }));
    this.logger.info({ messageId: id }, 'announced');
    return { id, sentAt };
  }

  private requireServer(): BeelineServer {
    if (this.server === undefined) throw new Error('there is no server to announce with');
    return this.server;
  }
}
