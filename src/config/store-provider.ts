import type { Provider, Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Config } from './config';

/** The two adapters that every port of the store has. */
interface Adapters<Port> {
  redis: Type<Port>;
  embedded: Type<Port>;
}

/** Provides a port by the adapter of the store that is configured; the other one is never made. */
export function storeProvider<Port>(port: abstract new () => Port, adapters: Adapters<Port>): Provider {
  return {
    provide: port,
    inject: [Config, ModuleRef],
    useFactory: ({ redisUrl }: Config, module: ModuleRef): Promise<Port> =>
      module.create(redisUrl === undefined ? adapters.embedded : adapters.redis),
  };
}
