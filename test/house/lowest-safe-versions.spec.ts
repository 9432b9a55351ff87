import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface LowestSafe {
  package: string;
  lowest: string;
  advisory: string;
  about: string;
}

const LIST = JSON.parse(readFileSync(join(__dirname, 'lowest-safe-versions.json'), 'utf8')) as LowestSafe[];
const { packages } = JSON.parse(readFileSync(join(__dirname, '../../package-lock.json'), 'utf8')) as {
  packages: Record<string, { version: string; dev?: boolean }>;
};

/** Every copy that a node is deployed with, be it deep in somebody else's folder; tools of development are not. */
function versionsOf(name: string): string[] {
  return Object.entries(packages)
    .filter(([path, { dev }]) => path.endsWith(`node_modules/${name}`) && dev !== true)
    .map(([, { version }]) => version);
}

/** A pre-release comes before its release. */
function isAtLeast(version: string, lowest: string): boolean {
  const numbers = (text: string) => (text.split(/[-+]/)[0] ?? '').split('.').map(Number);
  const [mine, theirs] = [numbers(version), numbers(lowest)];
  for (const [i, number] of theirs.entries()) {
    const difference = (mine[i] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return !version.includes('-');
}

describe('what carries requests, frames and tokens is past its known holes', () => {
  it.each(LIST.map((entry) => [`${entry.package} ${entry.lowest}: ${entry.advisory}`, entry]))(
    '%s',
    (_name, entry) => {
      const versions = versionsOf(entry.package);
      expect(versions).not.toEqual([]);
      expect(versions.filter((version) => !isAtLeast(version, entry.lowest))).toEqual([]);
    },
  );

  it('says of every version why', () => {
    for (const { advisory, about } of LIST) {
      expect(advisory).toMatch(/^(CVE-\d{4}-\d+|GHSA-[a-z0-9-]+)(, (CVE-\d{4}-\d+|GHSA-[a-z0-9-]+))*$/);
      expect(about).not.toBe('');
    }
  });

  it('has the transport from end to end', () => {
    const listed = LIST.map((entry) => entry.package);
    expect(listed).toEqual(
      expect.arrayContaining(['socket.io', 'socket.io-parser', 'engine.io', 'ws', 'cookie', 'jsonwebtoken']),
    );
  });

  it.each([
    ['4.2.3', '4.2.3', true],
    ['4.2.10', '4.2.9', true],
    ['4.2.2', '4.2.3', false],
    ['3.9.9', '4.0.0', false],
    ['4.2.3-rc.1', '4.2.3', false],
    ['5.0.0', '4.9.9', true],
  ])('%s is at least %s: %s', (version, lowest, expected) => {
    expect(isAtLeast(version, lowest)).toBe(expected);
  });
});
