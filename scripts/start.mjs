/**
 * `npm start`: installs what is missing, builds what has changed, runs one node. `-- --port 4000` takes another port;
 * all other settings are the environment's, and where that has none of them, the file `.env`'s.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from './lib/build.mjs';
import { ensurePackages, fail, requireNode } from './lib/setup.mjs';

requireNode();
const { port: givenPort, help } = options();
if (help) {
  console.log('npm start [-- --port <port>]   other settings: by environment or in .env, see .env.example');
  process.exit(0);
}
if (existsSync('.env')) process.loadEnvFile('.env');
if (givenPort !== undefined) process.env.PORT = givenPort;
ensurePackages();
build();

// In production the log is all there is: JSON lines. Otherwise a few words for whoever sits at the terminal.
const talks = process.env.NODE_ENV !== 'production';
if (talks && process.stdout.isTTY) process.env.LOG_LEVEL ??= 'warn';
const { started } = await import(pathToFileURL('dist/main.js').href);
const { port, config } = await started;
if (talks) console.log(welcome(port, config));

function welcome(port, { redisUrl, dataDir }) {
  const url = `http://localhost:${port}`;
  const store = redisUrl
    ? `Redis at ${new URL(redisUrl.split(',')[0]).host}, shared by as many nodes as you start.`
    : `${resolve(dataDir)}, kept over restarts. One node; set REDIS_URL to run several.`;
  return `
  Beeline is running.

    Try it    ${url}  (two windows side by side: register two users and talk)
    REST      ${url}/docs
    Data      ${store}

  Ctrl-C stops it.
`;
}

function options() {
  try {
    return parseArgs({ options: { port: { type: 'string' }, help: { type: 'boolean' } } }).values;
  } catch (error) {
    return fail(`${error.message}. npm start takes --port only; other settings are in .env.example.`);
  }
}
