import { Module } from '@nestjs/common';
import { RedisLeaseStore } from './adapters/redis-lease-store';
import { RedisNodeChannel } from './adapters/redis-node-channel';
import { LeaseStore } from './lease-store.port';
import { NodeChannel } from './node-channel.port';
import { NodeService } from './node.service';

@Module({
  providers: [
    NodeService,
    { provide: LeaseStore, useClass: RedisLeaseStore },
    { provide: NodeChannel, useClass: RedisNodeChannel },
  ],
  exports: [NodeService],
})
export class NodeModule {}
