import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Redis } from 'ioredis';
import type { RedisClient } from './client';

/** What a script may return: Redis has integers, strings, nil and arrays of these. */
export type Reply = number | string | null | Reply[];

const SHARED_FOLDER = join(__dirname, 'lua');
const INCLUDE = /^-- @include ([a-z-]+)$/gm;

/**
 * A Lua script in a file of its own, `<verb-noun>-<keys>.lua`: `-2.lua` takes two keys, `-2n.lua` two and then
 * any number more. It runs by its digest: every server is given the text when it is connected to, and one that has
 * forgotten it (SCRIPT FLUSH) is sent it again. `-- @include name` puts `redis/lua/name.lua` in its place. A first line
 * `#!lua flags=allow-oom` lets it write while Redis is full: for bookkeeping, which is small, expires, and keeps who is
 * connected connected. What stores what grows has no such line.
 */
export class Script {
  private static readonly all: Script[] = [];

  /** Gives a server every script, before anything else is asked of it. One that refuses is given each when it is run. */
  static async loadAll(server: Redis): Promise<void> {
    await Promise.allSettled(Script.all.map(({ lua }) => server.script('LOAD', lua)));
  }

  readonly lua: string;
  private readonly sha: string;
  private readonly keyCount: number;
  private readonly isVariadic: boolean;

  constructor(private readonly file: string) {
    const count = /-(\d+)(n?)\.lua$/.exec(basename(file));
    if (count === null) throw new Error(`${file}: the name must end in the number of keys`);
    this.keyCount = Number(count[1]);
    this.isVariadic = count[2] === 'n';
    this.lua = readFileSync(file, 'utf8').replace(INCLUDE, (_line, name: string) =>
      readFileSync(join(SHARED_FOLDER, `${name}.lua`), 'utf8'),
    );
    this.sha = createHash('sha1').update(this.lua).digest('hex');
    Script.all.push(this);
  }

  /** Runs the script. Safe to send twice only as far as the script itself says so. */
  async run(redis: RedisClient, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply> {
    if (this.isVariadic ? keys.length < this.keyCount : keys.length !== this.keyCount) {
      throw new Error(`${basename(this.file)} takes ${this.keyCount} keys, not ${keys.length}`);
    }
    try {
      return (await redis.evalsha(this.sha, keys.length, ...keys, ...args)) as Reply;
    } catch (error) {
      if (!isNoScript(error)) throw error;
      return (await redis.eval(this.lua, keys.length, ...keys, ...args)) as Reply;
    }
  }
}

function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}
