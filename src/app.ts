import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { AppModule } from './app.module';
import { type Config, doubtsAbout } from './config';
import { SocketAdapter } from './gateway';
import { createLogger, NestLogger } from './logging';
import { ContactPolicy } from './policy';
import {
  BoundedExpressAdapter,
  noStore,
  pageFiles,
  ProblemFilter,
  requestLog,
  securityHeaders,
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
  app.use(requestLog(logger));
  app.disable('x-powered-by');
  app.use(securityHeaders(join(PAGE_DIRECTORY, 'index.html')));
  app.enableCors({ origin: [...config.corsOrigins], exposedHeaders: ['X-Request-Id'] });
  app.use(pageFiles(PAGE_DIRECTORY));
  app.use(noStore);
  serveDocs(app);
  return app;
}

function serveDocs(app: NestExpressApplication): void {
  const description = new DocumentBuilder()
    .setTitle('Beeline')
    .setDescription('REST of a Beeline node. The Socket.IO events are described in docs/protocol.md.')
    .setVersion('1')
    .addBearerAuth()
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, description));
}
