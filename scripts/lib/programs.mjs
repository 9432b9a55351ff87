/** Where programs are, by Node alone: no shell, so that it is the same on every system. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** The packages of tools that are not called as their package is. */
const PACKAGES = { depcruise: 'dependency-cruiser', nest: '@nestjs/cli', tsc: 'typescript' };

/**
 * The program and arguments that run one of the project's own tools. It is Node with the tool's script: what is in
 * node_modules/.bin is a shell script on Windows.
 */
export function toolCommand(tool, args) {
  const folder = join('node_modules', PACKAGES[tool] ?? tool);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return [process.execPath, [join(folder, typeof bin === 'string' ? bin : bin[tool]), ...args]];
}

/** Runs one of the project's own tools to its end. */
export function runTool(tool, args, options = {}) {
  return spawnSync(...toolCommand(tool, args), { stdio: 'inherit', ...options });
}

/** Runs npm to its end: the one that runs this script, else the one on PATH, which needs a shell on Windows. */
export function runNpm(args, options = {}) {
  const script = process.env.npm_execpath;
  if (script?.endsWith('.js')) return spawnSync(process.execPath, [script, ...args], options);
  return spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
}

/** Where a program is, or an empty string. */
export function pathOf(program) {
  const endings = process.platform === 'win32' ? (process.env.PATHEXT ?? '.EXE').split(';') : [''];
  const folders = isAbsolute(program) ? [''] : (process.env.PATH ?? '').split(delimiter);
  const places = folders.flatMap((folder) => endings.map((ending) => join(folder, program + ending)));
  return places.find(isProgram) ?? '';
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
