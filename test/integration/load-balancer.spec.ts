import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { io, type Socket } from 'socket.io-client';
import { describeRest } from '../../src/app';
import {
  type BeelineNode,
  closeNodes,
  HaProxy,
  startNode,
  tokenFor,
  uniquePrefix,
  uniqueUser,
} from '../support';

const PAGE = readdirSync(join(__dirname, '../../public')).filter((name) => name.includes('.'));
const FOR_OPERATORS = /^\/(metrics|admin|docs|healthz|readyz)/;

/** What is for operators, in every way of writing it that a proxy and a node may read differently. */
const REFUSED = [
  ...['/metrics', '/Metrics', '/METRICS', '/metrics/', '/metrics?', '/metrics/x', '//metrics', '/./metrics'],
  ...['/%6detrics', '/metrics%2f', '/metrics;x', '/metrics.js/', '/app.js/../metrics', '/auth/../metrics'],
  ...['/auth/..%2fmetrics', '/socket.io/../metrics', '/socket.io/%2e%2e/metrics', '/messages/../metrics'],
  ...['/admin', '/admin/nodes', '/Admin/nodes', '/ADMIN/NODES', '/admin/nodes/', '//admin/nodes'],
  ...['/%61dmin/nodes', '/auth/../admin/nodes', '/inbox/..%2f..%2fadmin%2fnodes'],
  ...[
    '/docs',
    '/Docs',
    '/docs/',
    '/docs-json',
    '/docs-yaml',
    '/docs/swagger-ui.css',
    '/docs/swagger-ui-init.js',
  ],
  ...['/healthz', '/readyz', '/READYZ'],
  ...['/INBOX', '/Messages', '/inboxes', '/messages2', '/socket.iox', '/authx', '/nothing', '/.env'],
];

/** Two who sit at machines of their own: any address of 127.0.0.0/8 is this machine. */
const VISITORS = ['127.0.0.11', '127.0.0.12'] as const;
const PLACES = 2;
/** Of the contract. */
const MAX_TOKEN_CHARACTERS = 16_384;

interface Answer {
  status: number;
  body: string;
}

describe('deploy/haproxy.cfg in front of a node', () => {
  let node: BeelineNode;
  let proxy: HaProxy;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    node = await startNode({
      REDIS_KEY_PREFIX: uniquePrefix(),
      LOCAL_ACCOUNTS: 'on',
      MAX_CONNECTIONS_PER_ADDRESS: `${PLACES}`,
      // As compose.yaml has it.
      TRUSTED_PROXIES: '1',
    });
    proxy = await HaProxy.start([Number(new URL(node.url).port)]);
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close();
  });
  afterAll(async () => {
    await proxy?.close();
    await closeNodes(node);
  });

  /** The path goes out letter by letter: `fetch` would tidy it up first. */
  function ask(port: number, path: string, method = 'GET'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      // A new one each time: one of the routes logs out.
      const token = tokenFor(uniqueUser('root'), { scope: 'admin' });
      const headers = { authorization: `Bearer ${token}` };
      httpRequest({ host: '127.0.0.1', port, path, method, headers }, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      })
        .on('error', reject)
        .end();
    });
  }
  const nodePort = (): number => Number(new URL(node.url).port);

  it.each(REFUSED)('refuses %s', async (path) => {
    const { status, body } = await ask(proxy.port, path);
    expect([400, 404]).toContain(status);
    // The proxy's own word, or the node's: that it has nothing there.
    expect(body).not.toMatch(/beeline_|nodeId|openapi|swagger|"status":"(?!4)/i);
  });

  it.each(['GET http://any/metrics HTTP/1.1', 'GET http:///metrics HTTP/1.1', 'OPTIONS * HTTP/1.1'])(
    'refuses the line "%s"',
    async (line) => {
      const said = await new Promise<string>((resolve, reject) => {
        const socket = connect(proxy.port, '127.0.0.1', () =>
          socket.write(`${line}\r\nHost: any\r\nConnection: close\r\n\r\n`),
        );
        let text = '';
        socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
        socket.on('error', reject).on('close', () => resolve(text));
      });
      expect(said).toMatch(/^HTTP\/1.1 4\d\d /);
    },
  );

  /** All that is documented and not for operators. */
  function openRoutes(): { method: string; path: string }[] {
    return Object.entries(describeRest(node.app).paths)
      .filter(([path]) => !FOR_OPERATORS.test(path))
      .flatMap(([path, operations]) =>
        Object.keys(operations).map((method) => ({ method: method.toUpperCase(), path })),
      );
  }

  it('lets every route through that is not for operators: what the node answers comes', async () => {
    const open = openRoutes();
    expect(open.length).toBeGreaterThan(10);
    for (const { method, path } of open) {
      const filled = path.replaceAll('{channel}', 'chat').replaceAll(/\{\w+\}/g, 'bob');
      const straight = await ask(nodePort(), filled, method);
      expect(straight.status).not.toBe(404);
      expect([method, filled, (await ask(proxy.port, filled, method)).status]).toEqual([
        method,
        filled,
        straight.status,
      ]);
    }
  });

  it.each(['ingress/ingress.yaml', 'gateway-api/http-route.yaml'])(
    'k8s/components/%s lets the same through',
    (file) => {
      const manifest = readFileSync(join(__dirname, '../../k8s/components', file), 'utf8');
      const shown = [...manifest.matchAll(/\b(?:path|value): (\/[\w.-]+)/g)].map(([, path]) => String(path));
      const wanted = openRoutes().map(({ path }) => path.replace(/(?<=.)\/.*/, ''));
      expect(shown.toSorted()).toEqual([...new Set([...wanted, '/socket.io'])].toSorted());
    },
  );

  it('takes as long a token as a node does', async () => {
    const headers = { authorization: `Bearer ${'x'.repeat(MAX_TOKEN_CHARACTERS)}` };
    const response = await fetch(`http://127.0.0.1:${proxy.port}/inbox`, { headers });
    expect([response.status, await response.json()]).toMatchObject([401, { code: 'unauthorized' }]);
  });

  it.each(['', ...PAGE, 'socket.io/socket.io.esm.min.js'])('lets the page have /%s', async (file) => {
    const { status, body } = await ask(proxy.port, `/${file}`);
    expect(status).toBe(200);
    expect(body).toBe((await ask(nodePort(), `/${file}`)).body);
  });

  /** How a connection by Socket.IO from that address goes: 'in', or the code of the refusal. */
  function comeIn(localAddress: string, forwardedFor?: string): Promise<string> {
    const agent = new Agent({ localAddress });
    const socket = io(`http://127.0.0.1:${proxy.port}`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      auth: { token: tokenFor(uniqueUser('visitor')) },
      // The types are of browsers', where there is no such thing as an agent.
      agent: agent as unknown as string,
      ...(forwardedFor !== undefined && { extraHeaders: { 'X-Forwarded-For': forwardedFor } }),
    });
    sockets.push(socket);
    return new Promise((resolve) => {
      socket.once('session', () => resolve('in'));
      socket.once('connect_error', (error) => {
        const { data } = error as { data?: { code: string } };
        resolve(data?.code ?? error.message);
      });
    });
  }

  it('tells the node who is who: one visitor does not take the place of another', async () => {
    const [first, second] = VISITORS;
    for (let i = 0; i < PLACES; i += 1) expect(await comeIn(first)).toBe('in');
    expect(await comeIn(first)).toBe('rate_limited');
    expect(await comeIn(second)).toBe('in');
  });

  it('takes no word of a visitor for where it comes from, nor for where another one does', async () => {
    const [first, second] = VISITORS;
    for (let i = 0; i < PLACES; i += 1) expect(await comeIn(first, `10.0.0.${i}`)).toBe('in');
    expect(await comeIn(first, '10.0.0.9')).toBe('rate_limited');
    expect(await comeIn(first, '10.0.0.9, 10.0.0.10')).toBe('rate_limited');
    expect(await comeIn(second, first)).toBe('in');
  });
});
