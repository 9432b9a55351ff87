export { UsersDto } from './dto/presence.dto';
export { PresenceModule } from './presence.module';
export { type PresenceByUser, PresenceService } from './presence.service';
export { type PresenceState, PresenceStore } from './presence-store.port';
export { Watching } from './watching';
