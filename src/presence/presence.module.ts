import { Module } from '@nestjs/common';
import { AuthModule } from '../auth';
import { BlocksModule } from '../blocks';
import { storeProvider } from '../config';
import { NodeModule } from '../node';
import { EmbeddedPresenceStore } from './adapters/embedded-presence-store';
import { RedisPresenceStore } from './adapters/redis-presence-store';
import { PresenceController } from './presence.controller';
import { PresenceStore } from './presence-store.port';
import { PresenceService } from './presence.service';
import { Watching } from './watching';

@Module({
  imports: [AuthModule, BlocksModule, NodeModule],
  controllers: [PresenceController],
  providers: [
    PresenceService,
    Watching,
    storeProvider(PresenceStore, { redis: RedisPresenceStore, embedded: EmbeddedPresenceStore }),
  ],
  exports: [PresenceService, Watching],
})
export class PresenceModule {}
