export { Keys } from './keys';
export { CommandRedis, LeaseRedis, RedisModule, SubscriberRedis } from './redis.module';
export { type Reply, Script } from './script';
export { translated } from './store-error';
