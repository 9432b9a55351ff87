import { resolve } from 'node:path';
import { Global, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Config, stateTtlMsOf } from '../config';
import { Logger } from '../logging';
import { EmbeddedDatabase } from './database';
import { removeExpired } from './expiry';
import { endPresenceOfPreviousProcess } from './presence-record';

const EXPIRY_INTERVAL_MS = 60_000;

async function openStore(config: Config): Promise<EmbeddedDatabase> {
  const database = await EmbeddedDatabase.open(config.dataDir);
  await endPresenceOfPreviousProcess(database, stateTtlMsOf(config));
  return database;
}

/** Opens the store on this machine's disk: the twin of the Redis module, loaded where `REDIS_URL` is unset. */
@Global()
@Module({
  providers: [
    {
      provide: EmbeddedDatabase,
      inject: [Config],
      useFactory: openStore,
    },
  ],
  exports: [EmbeddedDatabase],
})
export class EmbeddedModule implements OnModuleInit, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private removing = Promise.resolve();

  constructor(
    private readonly config: Config,
    private readonly database: EmbeddedDatabase,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    const dataDir = resolve(this.config.dataDir);
    this.logger.info(
      { store: 'embedded', dataDir },
      'the store is embedded, on this disk, for one node: set REDIS_URL to run several',
    );
    this.timer = setInterval(() => {
      this.removing = this.removing.then(() => this.removeExpired());
    }, EXPIRY_INTERVAL_MS);
  }

  /** The last thing of all: whoever leaves in order has left by now. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.removing;
    await this.database.close();
  }

  private async removeExpired(): Promise<void> {
    try {
      await removeExpired(this.database);
    } catch (err) {
      this.logger.warn({ err }, 'expired records not removed: the next round tries again');
    }
  }
}
