import { Module } from '@nestjs/common';
import { storeProvider } from '../config';
import { EmbeddedLeaseStore } from './adapters/embedded-lease-store';
import { RedisLeaseStore } from './adapters/redis-lease-store';
import { EmbeddedNodeChannel } from './adapters/embedded-node-channel';
import { RedisNodeChannel } from './adapters/redis-node-channel';
import { LeaseStore } from './lease-store.port';
import { NodeChannel } from './node-channel.port';
import { NodeService } from './node.service';

@Module({
  providers: [
    NodeService,
    storeProvider(LeaseStore, { redis: RedisLeaseStore, embedded: EmbeddedLeaseStore }),
    storeProvider(NodeChannel, { redis: RedisNodeChannel, embedded: EmbeddedNodeChannel }),
  ],
  exports: [NodeService],
})
export class NodeModule {}
