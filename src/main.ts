import 'reflect-metadata';
import { createApp } from './app';
import { ConfigError, readConfig } from './config';
import { Logger } from './logging';

/** One node, configured by environment alone. SIGTERM and SIGINT drain it and end it with exit code 0. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const app = await createApp(config);
  const logger = app.get<Logger>(Logger);
  process.on('unhandledRejection', (err) => logger.error({ err }, 'unhandled rejection'));

  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), config.drainTimeoutMs).unref();
    logger.info({ signal }, 'stopping');
    app.close().then(
      () => process.exit(0),
      (err: unknown) => {
        logger.error({ err }, 'stopped in disorder');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  await app.listen(config.port, config.host);
  logger.info({ url: await app.getUrl() }, 'listening');
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
});
