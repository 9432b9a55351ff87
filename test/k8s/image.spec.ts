import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const ROOT = join(__dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

interface Instruction {
  name: string;
  value: string;
}

/** The instructions of each stage, continued lines joined, comments left out. */
function stagesOf(dockerfile: string): Instruction[][] {
  const lines = dockerfile
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter(Boolean);
  const stages: Instruction[][] = [];
  for (const line of lines) {
    const [name = '', ...rest] = line.split(' ');
    if (name === 'FROM') stages.push([]);
    stages.at(-1)?.push({ name, value: rest.join(' ') });
  }
  return stages;
}

describe('the Dockerfile', () => {
  const stages = stagesOf(read('Dockerfile'));
  const last = stages.at(-1) ?? [];
  const valueOf = (name: string): string => last.findLast((of) => of.name === name)?.value ?? '';

  it('builds in one stage, and puts into the last only what runs', () => {
    expect(stages).toHaveLength(3);
    expect(last.filter(({ name }) => name === 'RUN')).toEqual([]);
    expect(stages[1]?.map(({ value }) => value).join('\n')).toContain('npm ci --omit=dev');
    expect(last.map(({ value }) => value)).toContain('--from=dependencies /app/node_modules ./node_modules');
  });

  it('is of the newest Node with long-term support, slim, and can be pinned by digest', () => {
    expect(read('Dockerfile')).toMatch(/^ARG NODE_IMAGE=node:24-[a-z]+-slim$/m);
    for (const stage of stages) expect(stage[0]?.value).toMatch(/^\$\{NODE_IMAGE\}/);
  });

  it('runs node itself, as nobody in particular, and asks after its health without a shell', () => {
    expect(valueOf('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(JSON.parse(valueOf('CMD'))).toEqual(['node', 'dist/main.js']);
    const [command] = /\[.*\]$/.exec(valueOf('HEALTHCHECK')) ?? ['[]'];
    expect((JSON.parse(command) as string[]).slice(0, 2)).toEqual(['node', '-e']);
  });

  it('copies what is there, and .dockerignore lets it through', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    const copied = stages
      .flat()
      .filter(({ name, value }) => name === 'COPY' && !value.startsWith('--from'))
      .flatMap(({ value }) => value.split(' ').slice(0, -1));
    for (const source of copied) {
      expect(existsSync(join(ROOT, source))).toBe(true);
      expect(allowed).toContain(`!${source}`);
    }
    expect(allowed).toHaveLength(new Set(copied).size);
  });
});

interface Service {
  image: string;
  environment?: Record<string, string>;
  command?: string[];
  depends_on?: Record<string, object>;
  healthcheck?: object;
  ports?: string[];
}

describe('compose.yaml', () => {
  const { services } = parse(read('compose.yaml'), { merge: true }) as { services: Record<string, Service> };
  const nodes = Object.entries(services).filter(([, { image }]) => image === 'beeline');

  it('has three nodes with a name each, one store and one secret', () => {
    expect(nodes.map(([name]) => name)).toEqual(['node-1', 'node-2', 'node-3']);
    for (const [name, { environment }] of nodes) {
      expect(environment).toEqual({
        NODE_NAME: name,
        REDIS_URL: 'redis://redis:6379',
        // No default: a secret that everybody knows is none.
        // Behind the load balancer, which says who a client is.
        TRUSTED_PROXIES: 1,
        AUTH_SECRET: expect.stringMatching(/^\$\{AUTH_SECRET:\?/) as string,
      });
    }
  });

  it('has a Redis that keeps what it is given, and that only the nodes reach', () => {
    const command = services['redis']?.command?.join(' ');
    expect(command).toContain('--appendonly yes');
    expect(command).toContain('--maxmemory-policy noeviction');
    expect(services['redis']?.ports).toBeUndefined();
  });

  it('has a load balancer that knows every node, asks which are ready, and sticks to none', () => {
    const config = read('deploy/haproxy.cfg');
    const servers = [...config.matchAll(/^ +server (\S+) (\S+)$/gm)].map(([, name, address]) => [
      name,
      address,
    ]);
    expect(servers).toEqual(nodes.map(([name]) => [name, `${name}:3000`]));
    expect(config).toContain('option httpchk GET /readyz');
    expect(config).not.toMatch(/^ +(cookie|stick|balance source)/m);
    expect(Object.keys(services['load-balancer']?.depends_on ?? {})).toEqual(nodes.map(([name]) => name));
  });
});
