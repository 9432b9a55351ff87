import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { RequestHandler } from 'express';

/** The files of the page, read once: a request costs no disk and no stream. Everything else goes on to the routes. */
export function pageFiles(directory: string): RequestHandler {
  const files = new Map<string, Buffer>(
    readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => [`/${name}`, readFileSync(join(directory, name))] as const),
  );
  const index = files.get('/index.html');
  if (index !== undefined) files.set('/', index);
  return ({ method, path }, response, next) => {
    const content = method === 'GET' || method === 'HEAD' ? files.get(path) : undefined;
    if (content === undefined) return next();
    response
      .set('Cache-Control', 'public, max-age=0')
      .type(extname(path) === '' ? '.html' : extname(path))
      .send(content);
  };
}
