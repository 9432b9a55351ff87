/** `npm start`: installs what is missing, builds what has changed, runs one node. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensurePackages, requireNode, run } from './lib/setup.mjs';

requireNode();
ensurePackages();
if (!existsSync('dist/main.js') || newest('src') > statSync('dist/main.js').mtimeMs) {
  console.log('Building …');
  run('node_modules/.bin/nest', ['build'], 'The build failed.');
}

// In production the log is all there is: JSON lines. Otherwise a few words for whoever sits at the terminal.
const talks = process.env.NODE_ENV !== 'production';
if (talks && process.stdout.isTTY) process.env.LOG_LEVEL ??= 'warn';
const { started } = await import(pathToFileURL('dist/main.js').href);
const { port, config } = await started;
if (talks) console.log(welcome(port, config));

function welcome(port, { redisUrl, dataDir }) {
  const url = `http://localhost:${port}`;
  const store = redisUrl
    ? `Redis at ${new URL(redisUrl).host}, shared by as many nodes as you start.`
    : `${resolve(dataDir)}, kept over restarts. One node; set REDIS_URL to run several.`;
  return `
  Beeline is running.

    Try it    ${url}  (two windows side by side: register two users and talk)
    REST      ${url}/docs
    Data      ${store}

  Ctrl-C stops it.
`;
}

function newest(folder) {
  return Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );
}
