import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';

const SOURCES = join(__dirname, '../../src');
const SHARED = join(SOURCES, 'redis/lua');

const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.lua'))
  .map((file) => join(SOURCES, file));
const scripts = files.filter((file) => !file.startsWith(SHARED));
const fragments = files.filter((file) => file.startsWith(SHARED));

const nameOf = (file: string): string => relative(SOURCES, file);
const includesOf = (lua: string): string[] =>
  [...lua.matchAll(/^-- @include (.+)$/gm)].map((match) => match[1] ?? '');

/** What a script may do that others may not: bookkeeping, which is small, goes on while Redis is full. */
const FLAGS = /^#!lua flags=allow-oom\n/;

/** The comment that a script opens with, behind its flags, without its dashes. */
function headerOf(lua: string): string[] {
  const lines = lua.replace(FLAGS, '').split('\n');
  const end = lines.findIndex((line) => !line.startsWith('--'));
  return lines.slice(0, end < 0 ? lines.length : end).map((line) => line.replace(/^--\s*/, ''));
}

/** What stands in the brackets of the lines that describe a list: `1`, `2`, or `3...` for any number from there on. */
function placesOf(list: 'KEYS' | 'ARGV', header: string[]): string[] {
  return header.flatMap((line) => new RegExp(`^${list}\\[(\\d+(?:\\.\\.\\.)?)\\] \\S`).exec(line)?.[1] ?? []);
}

const upTo = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i + 1}`);

/** They store what grows, or write nothing: all others are bookkeeping. */
const REFUSED_WHEN_FULL = ['append-messages', 'admit-contact', 'open-login'];
const WRITES_THAT_NEED_ROOM = /'(SET|HSET|SADD|ZADD|XADD|INCR)'/;

describe('Lua scripts', () => {
  it('are found', () => {
    expect(scripts.length).toBeGreaterThan(0);
    expect(fragments.length).toBeGreaterThan(0);
  });

  it('that keep the books run on a full Redis; those that store what grows do not', () => {
    const shared = new Map(
      fragments.map((file) => [basename(file, '.lua'), readFileSync(file, 'utf8')] as const),
    );
    for (const file of scripts) {
      const lua = readFileSync(file, 'utf8');
      const whole = [lua, ...includesOf(lua).map((name) => shared.get(name))].join('\n');
      const name = basename(file).replace(/-\d+n?\.lua$/, '');
      const isBookkeeping = WRITES_THAT_NEED_ROOM.test(whole) && !REFUSED_WHEN_FULL.includes(name);
      expect([name, FLAGS.test(lua)]).toEqual([name, isBookkeeping]);
    }
  });

  describe.each(scripts.map((file) => [nameOf(file), file]))('%s', (_name, file) => {
    const lua = readFileSync(file, 'utf8');
    const header = headerOf(lua);

    it('says what it does, before anything else', () => {
      expect(header[0]).toMatch(/^[A-Z].*[.:]$|^[A-Z].*[a-z,;]$/);
    });

    it('describes as many keys as its name says', () => {
      const [, verbNoun, count, variadic] =
        /^([a-z]+(?:-[a-z]+)+)-(\d+)(n?)\.lua$/.exec(basename(file)) ?? [];
      expect(verbNoun).toBeDefined();
      const keys = upTo(Number(count));
      expect(placesOf('KEYS', header)).toEqual(variadic ? [...keys, `${keys.length + 1}...`] : keys);
    });

    it('describes its arguments, where it takes any, in order, the last one open where there may be more', () => {
      const places = placesOf('ARGV', header);
      expect(places.map((place) => place.replace('...', ''))).toEqual(upTo(places.length));
      expect(places.slice(0, -1).filter((place) => place.endsWith('...'))).toEqual([]);
    });

    it('uses no key and no argument that it does not describe', () => {
      for (const list of ['KEYS', 'ARGV'] as const) {
        const places = placesOf(list, header);
        const isOpen = places.at(-1)?.endsWith('...') ?? false;
        const used = [...lua.matchAll(new RegExp(`(?<!-- )${list}\\[(\\d+)\\]`, 'g'))].map((match) =>
          Number(match[1]),
        );
        expect(used.filter((place) => !isOpen && place > places.length)).toEqual([]);
      }
    });

    it('says what it returns', () => {
      expect(header.filter((line) => /^Returns \S/.test(line))).toHaveLength(1);
    });

    it('includes nothing twice and only what there is', () => {
      const known = fragments.map((fragment) => basename(fragment, '.lua'));
      const includes = includesOf(lua);
      expect(includes.filter((name) => !known.includes(name))).toEqual([]);
      expect(new Set(includes).size).toBe(includes.length);
    });
  });

  it.each(fragments.map((file) => [nameOf(file), file]))(
    '%s, which others include, opens with a comment',
    (_name, file) => {
      const lua = readFileSync(file, 'utf8');
      expect(lua).toMatch(/^-- [A-Z]/);
      expect(includesOf(lua)).toEqual([]);
    },
  );
});
