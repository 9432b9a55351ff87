import { Module } from '@nestjs/common';
import { AuthModule } from '../auth';
import { storeProvider } from '../config';
import { EmbeddedBlockStore } from './adapters/embedded-block-store';
import { RedisBlockStore } from './adapters/redis-block-store';
import { BlockStore } from './block-store.port';
import { Blocks } from './blocks';
import { BlocksController } from './blocks.controller';

@Module({
  imports: [AuthModule],
  controllers: [BlocksController],
  providers: [Blocks, storeProvider(BlockStore, { redis: RedisBlockStore, embedded: EmbeddedBlockStore })],
  exports: [Blocks],
})
export class BlocksModule {}
