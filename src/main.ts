import './require-node';
import 'reflect-metadata';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp, listen } from './app';
import { type Config, inWords, misnamedIn, readConfig } from './config';
import { createLogger } from './logging';
import { codeOf, StartError } from './shared';

/** A node that listens. */
export interface Started {
  port: number;
  config: Config;
}

/** One node, configured by environment alone. SIGTERM, SIGINT and SIGHUP (its terminal is closed) drain it and end it with
 * exit code 0. */
async function main(): Promise<Started> {
  const config = readConfig(process.env);
  const logger = createLogger(config);
  process.on('unhandledRejection', (err) => logger.error({ err }, 'unhandled rejection'));
  const hints = misnamedIn(process.env).map(inWords);
  if (hints.length > 0) logger.warn({ hints }, 'variables that look like settings count for nothing');

  let serving: NestExpressApplication | undefined;
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    // Nobody has come yet. It may wait for its store for a minute: who ends it does not.
    if (serving === undefined) process.exit(0);
    setTimeout(() => process.exit(1), config.drainTimeoutMs).unref();
    serving.close().then(
      () => process.exit(0),
      (err: unknown) => {
        logger.error({ err }, 'stopped in disorder');
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, stop);

  const app = await createApp(config);
  await app.init();
  serving = app;
  await takeRequests(app, config);
  const url = await app.getUrl();
  logger.info({ url }, 'listening');
  return { port: Number(new URL(url).port), config };
}

async function takeRequests(app: NestExpressApplication, config: Config): Promise<void> {
  try {
    await listen(app, config);
  } catch (cause) {
    const code = codeOf(cause);
    const { port = config.port } = cause as { port?: number };
    const { host } = config;
    if (code === 'EADDRINUSE') {
      const setting = port === config.adminPort ? 'ADMIN_PORT' : 'PORT';
      const problem = `Port ${port} is in use: stop what listens there, or set ${setting} to another.`;
      throw new StartError(problem, { cause });
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
      throw new StartError(`Can not listen on ${host}, port ${port}: ${(cause as Error).message}`, { cause });
    }
    throw cause;
  }
}

/** Resolves once the node listens, for a script that has something to say then. */
export const started = main().catch((error: unknown): never => {
  console.error(error instanceof StartError ? error.message : error);
  process.exit(1);
});
