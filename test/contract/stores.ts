import { embeddedStore } from './embedded-store';
import { redisStore } from './redis-store';
import type { StoreKind } from './store-kind';

/** Every suite in this folder is run once for each of these. */
export const stores: readonly StoreKind[] = [redisStore, embeddedStore];
