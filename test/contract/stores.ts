import { embeddedStore } from './embedded-store';
import { redisStore } from './redis-store';
import type { StoreKind } from './store-kind';

const isOnCluster = process.env['TEST_REDIS_URL'] === process.env['TEST_CLUSTER_URL'];

/** Every suite in this folder is run once for each of these; on a Cluster for Redis alone. */
export const stores: readonly StoreKind[] = isOnCluster ? [redisStore] : [redisStore, embeddedStore];
