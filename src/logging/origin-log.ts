import { normalOrigin } from '../shared';
import type { Logger } from './logger';
import { OnceAMinute } from './once-a-minute';

const MAX_LENGTH = 128;

/** Tells of refused origins, once a minute: whoever runs the node may have forgotten one. */
export class OriginLog {
  private readonly lines = new OnceAMinute();

  constructor(private readonly logger: Logger) {}

  refused(origin = ''): void {
    const count = this.lines.due('origin');
    if (count === undefined) return;
    const known = origin.length <= MAX_LENGTH ? normalOrigin(origin) : undefined;
    this.logger.warn({ origin: known, count }, 'origin refused: it is not in CORS_ORIGINS');
  }
}
