import { Module } from '@nestjs/common';
import { AuthModule } from '../auth';
import { NodeModule } from '../node';
import { RedisPresenceStore } from './adapters/redis-presence-store';
import { PresenceController } from './presence.controller';
import { PresenceStore } from './presence-store.port';
import { PresenceService } from './presence.service';

@Module({
  imports: [AuthModule, NodeModule],
  controllers: [PresenceController],
  providers: [PresenceService, { provide: PresenceStore, useClass: RedisPresenceStore }],
  exports: [PresenceService],
})
export class PresenceModule {}
