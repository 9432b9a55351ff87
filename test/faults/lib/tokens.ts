import { TokenSigner } from '../../../src/auth';
import { TEST_SECRET } from '../../support';

const HOUR_MS = 3_600_000;

/**
 * Good an hour before now and for two hours after: by the store's clock, too, which judges tokens and is behind the
 * issuer's in some of the faults.
 */
export function lastingTokenFor(user: string): string {
  return new TokenSigner(TEST_SECRET, 'sub').signAccess(user, Date.now() - HOUR_MS, 3 * HOUR_MS, {});
}
