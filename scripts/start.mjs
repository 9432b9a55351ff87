/** `npm start`: installs what is missing, builds what has changed, runs one node. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensurePackages, requireNode, run } from './lib/setup.mjs';

requireNode();
ensurePackages();
if (!existsSync('dist/main.js') || newest('src') > statSync('dist/main.js').mtimeMs) {
  console.log('Building …');
  run('node_modules/.bin/nest', ['build'], 'The build failed.');
}
await import(pathToFileURL('dist/main.js').href);

function newest(folder) {
  return Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );
}
