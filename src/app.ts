import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { AppModule } from './app.module';
import { type Config, doubtsAbout } from './config';
import { SocketAdapter } from './gateway';
import { createLogger, NestLogger } from './logging';
import { ContactPolicy } from './policy';
import { failureOf, ProblemDto } from './shared';
import {
  BoundedExpressAdapter,
  knownOrigins,
  noStore,
  operatorsOnly,
  pageFiles,
  ProblemFilter,
  requestLog,
  securityHeaders,
  tellOfUnheededProxies,
} from './rest';

/** The page at `/`: as far from `dist` as it is from `src`. */
const PAGE_DIRECTORY = join(__dirname, '..', 'public');

/** What an application may bring of its own. */
export interface AppOptions {
  contactPolicy?: Type<ContactPolicy>;
}

/** Builds one node, ready to listen: what `main.ts` runs, and what tests run several of in one process. */
export async function createApp(
  config: Config,
  { contactPolicy = ContactPolicy }: AppOptions = {},
): Promise<NestExpressApplication> {
  const logger = createLogger(config);
  for (const doubt of doubtsAbout(config)) logger.warn({ doubt }, 'settings that do not fit together');
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.of(config, contactPolicy),
    new BoundedExpressAdapter(),
    { logger: new NestLogger(logger), bodyParser: false, abortOnError: false },
  );
  app.useWebSocketAdapter(new SocketAdapter(app));
  app.useGlobalFilters(new ProblemFilter(logger));
  if (config.trustedProxies === 0) tellOfUnheededProxies(app.getHttpServer(), logger);
  app.use(requestLog(logger));
  if (config.adminPort !== undefined) app.use(operatorsOnly(config.adminPort));
  app.disable('x-powered-by');
  app.use(securityHeaders(join(PAGE_DIRECTORY, 'index.html')));
  app.use(knownOrigins(config.corsOrigins, logger));
  app.enableCors({ origin: true, exposedHeaders: ['X-Request-Id'] });
  app.use(pageFiles(PAGE_DIRECTORY));
  app.use(noStore);
  serveDocs(app);
  return app;
}

/**
 * Takes requests: on the port for everybody, and on that for operators where there is one. Fails as `net` does, with the
 * port that it could not take.
 */
export async function listen(app: NestExpressApplication, { port, adminPort, host }: Config): Promise<void> {
  await app.init();
  if (adminPort !== undefined) {
    await (app.getHttpAdapter() as unknown as BoundedExpressAdapter).listenForOperators(adminPort, host);
  }
  await app.listen(port, host);
}

function serveDocs(app: NestExpressApplication): void {
  SwaggerModule.setup('docs', app, () => describeRest(app));
}

/** What any route may answer: a refused origin, a route that is on the other port, a fault of ours. */
const FAILURES_OF_ALL = (['forbidden', 'not_found', 'internal'] as const).map(failureOf);

/** The OpenAPI document. */
export function describeRest(app: NestExpressApplication): OpenAPIObject {
  const description = new DocumentBuilder()
    .setTitle('Beeline')
    .setDescription('REST of a Beeline node. The Socket.IO events are described in docs/protocol.md.')
    .setVersion('1')
    .addBearerAuth()
    .addGlobalResponse(...FAILURES_OF_ALL)
    .build();
  return SwaggerModule.createDocument(app, description, { extraModels: [ProblemDto] });
}
