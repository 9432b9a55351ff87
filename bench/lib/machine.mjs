/** On what a row was measured. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

const say = (command, ...args) => execFileSync(command, args, { encoding: 'utf8' }).trim();
const versionOf = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version;

export function machine() {
  return {
    processor: `${cpus().length} × ${cpus()[0].model}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `Linux ${say('uname', '-r')}`,
  };
}

export function versions() {
  const names = [
    'socket.io',
    '@nestjs/core',
    'ioredis',
    '@socket.io/redis-adapter',
    '@socket.io/redis-streams-adapter',
  ];
  return {
    node: process.version,
    redis: /v=(\S+)/.exec(say('redis-server', '--version'))[1],
    ...Object.fromEntries(names.map((name) => [name, versionOf(name)])),
  };
}

const MEASURED = ['src', 'package.json'];

/** The last commit that changed what is measured; `+` where the sources differ from it. */
export function commit() {
  const isDirty = say('git', 'status', '--porcelain', '--', ...MEASURED) !== '';
  return say('git', 'log', '-1', '--format=%h', '--', ...MEASURED) + (isDirty ? '+' : '');
}
