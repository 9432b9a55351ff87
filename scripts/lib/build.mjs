/** Builds where the sources are newer than what was built. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from './programs.mjs';
import { fail } from './setup.mjs';

const BUILT = 'dist/main.js';
const SOURCES = ['src', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

export function build() {
  if (existsSync(BUILT) && SOURCES.every((source) => newest(source) <= statSync(BUILT).mtimeMs)) return;
  console.log('Building …');
  if (runTool('nest', ['build']).status !== 0) fail('The build failed.');
}

function newest(path) {
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Math.max(...files.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs));
}
