import { Module } from '@nestjs/common';
import { AuthModule } from '../auth';
import { storeProvider } from '../config';
import { Hub, HubModule } from '../hub';
import { EmbeddedInboxStore } from './adapters/embedded-inbox-store';
import { RedisInboxStore } from './adapters/redis-inbox-store';
import { InboxController } from './inbox.controller';
import { InboxStore } from './inbox-store.port';
import { InboxService } from './inbox.service';

@Module({
  imports: [AuthModule, HubModule],
  controllers: [InboxController],
  providers: [
    InboxService,
    storeProvider(InboxStore, { redis: RedisInboxStore, embedded: EmbeddedInboxStore }),
  ],
  exports: [InboxService, InboxStore],
})
export class InboxModule {
  constructor(hub: Hub, store: InboxStore) {
    hub.useSource(store);
  }
}
