import { Injectable } from '@nestjs/common';
import { BeelineError } from '../shared';

/** Enough for a backend that sends batches, and for everybody behind one proxy. */
const MAX_BYTES_PER_ADDRESS = 8 * 2 ** 20;
/** What parsing makes of it is several times as much; a node has half a gigabyte. */
const MAX_BYTES = 24 * 2 ** 20;
const RETRY_AFTER_MS = 1000;

/**
 * Bytes of request bodies that a node has taken on and not yet handled: what may come is reserved before the first byte
 * is read, so that bodies begun and never ended cost no more than this, however many there are.
 */
@Injectable()
export class BodyBudget {
  private readonly byAddress = new Map<string, number>();
  private reserved = 0;

  /** Returns what gives the room back, once. `rate_limited` where the address has taken its share, `unavailable` where all is taken. */
  reserve(address: string, bytes: number): () => void {
    const ofAddress = this.byAddress.get(address) ?? 0;
    if (ofAddress > 0 && ofAddress + bytes > MAX_BYTES_PER_ADDRESS) {
      throw new BeelineError('rate_limited', 'too many request bodies are on their way from this address', {
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    if (this.reserved > 0 && this.reserved + bytes > MAX_BYTES) {
      throw new BeelineError('unavailable', 'too many request bodies are on their way to this node', {
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    this.add(address, bytes);
    let isHeld = true;
    return () => {
      if (isHeld) this.add(address, -bytes);
      isHeld = false;
    };
  }

  private add(address: string, bytes: number): void {
    this.reserved += bytes;
    const ofAddress = (this.byAddress.get(address) ?? 0) + bytes;
    if (ofAddress > 0) this.byAddress.set(address, ofAddress);
    else this.byAddress.delete(address);
  }
}
