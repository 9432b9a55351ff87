import { Injectable } from '@nestjs/common';
import { Broadcast } from '../broadcast.port';

/** One node: Socket.IO's own adapter, in memory, reaches everybody there is. */
@Injectable()
export class EmbeddedBroadcast extends Broadcast {
  override install(): void {}

  override get fault(): undefined {
    return undefined;
  }

  override send(emit: () => void): Promise<void> {
    emit();
    return Promise.resolve();
  }
}
