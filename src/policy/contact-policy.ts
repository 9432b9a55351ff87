import { Injectable } from '@nestjs/common';
import type { UserId } from '../shared';

/**
 * Who may write to whom, and who may see whom: the application's say. This default allows everything; an application
 * gives `createApp` a class of its own, which may inject what it needs and answer at once or later. It is asked for
 * every send, so what it looks up it should keep at hand. Where it throws, the request is answered `internal`.
 */
@Injectable()
export class ContactPolicy {
  /** Whether a message, or word of typing, may go from one to the other. No: `forbidden`. */
  maySend(_from: UserId, _to: UserId): boolean | Promise<boolean> {
    return true;
  }

  /** Whether one may see the other's presence, and how far a message to the other has come. No: offline, never seen. */
  maySee(_viewer: UserId, _user: UserId): boolean | Promise<boolean> {
    return true;
  }
}
