import { resolve } from 'node:path';
import { Global, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Config, stateTtlMsOf } from '../config';
import { Logger } from '../logging';
import { Metrics } from '../metrics';
import { EmbeddedDatabase } from './database';
import { DiskSpace } from './disk-space';
import { removeExpired } from './expiry';
import { endPresenceOfPreviousProcess } from './presence-record';
import { StoreWatch } from './store-watch';

const EXPIRY_INTERVAL_MS = 60_000;

async function openStore(config: Config, logger: Logger, metrics: Metrics): Promise<EmbeddedDatabase> {
  const database = await EmbeddedDatabase.open(config.dataDir, Date.now, new StoreWatch(logger, metrics));
  await endPresence(database, stateTtlMsOf(config));
  return database;
}

/** Its writes may be the first that a full disk refuses, and its reads the first that meet damage. */
async function endPresence(database: EmbeddedDatabase, ttlMs: number): Promise<void> {
  try {
    await endPresenceOfPreviousProcess(database, ttlMs);
  } catch (error) {
    if (database.fault === undefined) throw error;
    await database.untilBack();
    await endPresence(database, ttlMs);
  }
}

/** Opens the store on this machine's disk: the twin of the Redis module, loaded where `REDIS_URL` is unset. */
@Global()
@Module({
  providers: [
    {
      provide: EmbeddedDatabase,
      inject: [Config, Logger, Metrics],
      useFactory: openStore,
    },
  ],
  exports: [EmbeddedDatabase],
})
export class EmbeddedModule implements OnModuleInit, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private removing = Promise.resolve();
  private readonly space: DiskSpace;

  constructor(
    private readonly config: Config,
    private readonly database: EmbeddedDatabase,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.space = new DiskSpace(config.dataDir, logger);
    metrics.storeFreeBytes.from(() => this.space.freeBytes);
  }

  async onModuleInit(): Promise<void> {
    const dataDir = resolve(this.config.dataDir);
    this.logger.info(
      { store: 'embedded', dataDir },
      'the store is embedded, on this disk, for one node: set REDIS_URL to run several',
    );
    this.timer = setInterval(() => {
      this.removing = this.removing.then(() => this.removeExpired());
    }, EXPIRY_INTERVAL_MS);
    await this.space.start();
  }

  /** The last thing of all: whoever leaves in order has left by now. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.space.stop();
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
