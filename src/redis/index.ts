export { Keys } from './keys';
export { BroadcastRedis, CommandRedis, LeaseRedis, ReplicaRedis, SubscriberRedis } from './redis-connection';
export { isRefusal } from './refusal';
export { RedisModule } from './redis.module';
export { type Reply, Script } from './script';
export { toStoreError } from './store-error';
