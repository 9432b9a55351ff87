import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  type BeelineNode,
  closeNodes,
  RawClient,
  startNode,
  TestClient,
  tokenFor,
  uniquePrefix,
  uniqueUser,
  waitUntil,
} from '../support';
import { scrape } from '../support/scrape';

const KILOBYTE = 1024;
/** What a guard gives a stranger, and a second for its tick. */
const PATIENCE_MS = 14_000;

describe('what a stranger can cost', () => {
  let node: BeelineNode;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    node = await startNode({ REDIS_KEY_PREFIX: uniquePrefix() });
  });
  afterEach(() => {
    TestClient.closeAll();
    for (const socket of sockets.splice(0)) socket.destroy();
  });
  afterAll(() => closeNodes(node));

  async function endedFor(cause: string): Promise<number> {
    const series = await scrape(node);
    return series[`beeline_transports_ended_total{cause="${cause}"}`] ?? Number.NaN;
  }

  /** A TCP connection of our own, and what has come back on it. */
  async function tcp(): Promise<{ socket: Socket; received: () => string; isClosed: () => boolean }> {
    const { hostname, port } = new URL(node.url);
    const socket = connect(Number(port), hostname);
    sockets.push(socket);
    let received = '';
    let isClosed = false;
    socket.on('error', () => undefined);
    socket.on('close', () => (isClosed = true));
    await once(socket, 'connect');
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
    return { socket, received: () => received, isClosed: () => isClosed };
  }

  describe('on a WebSocket without a session', () => {
    it('a first packet that is no CONNECT to our namespace ends it at once', async () => {
      for (const packet of ['40/admin,{}', '42["message:send",{}]', '41', `40/${'n'.repeat(50)},`]) {
        const before = await endedFor('no_handshake');
        const stranger = await RawClient.open(node);
        stranger.send(packet);
        await stranger.closed();
        expect(await endedFor('no_handshake')).toBe(before + 1);
        expect(stranger.frames.filter((frame) => frame.startsWith('44'))).toEqual([]);
      }
    });

    it('takes 64 KB, and not a handshake of a megabyte', async () => {
      const before = await endedFor('too_large');
      const stranger = await RawClient.open(node);
      stranger.send(`40${JSON.stringify({ token: 'x'.repeat(900 * KILOBYTE) })}`);
      await stranger.closed();
      expect(await endedFor('too_large')).toBe(before + 1);
    });

    it(
      'who says nothing, or only waits after a refusal, is ended without being asked',
      async () => {
        const silent = await RawClient.open(node);
        const refused = await RawClient.open(node);
        refused.send('40{"token":"rubbish"}');
        await waitUntil('it is refused', () => refused.frames.some((frame) => frame.startsWith('44')));
        await waitUntil('both are gone', () => !silent.isOpen && !refused.isOpen, PATIENCE_MS);
        expect(await endedFor('silent')).toBeGreaterThanOrEqual(2);
      },
      2 * PATIENCE_MS,
    );
  });

  describe('on any WebSocket', () => {
    it('a message of many fragments is not gathered', async () => {
      const client = await RawClient.connect(node, uniqueUser('eve'));
      client.sendFragment('4', false);
      for (let i = 0; i < 20; i += 1) client.sendFragment('2', false);
      // RFC 6455, section 7.4.1: it violates a policy.
      expect(await client.closed()).toBe(1008);
    });

    it('a handful of fragments is a message', async () => {
      const client = await RawClient.connect(node, uniqueUser('bob'));
      for (const [piece, isLast] of [
        ['421["presence', false],
        [':get",{"users":["bob"]}]', true],
      ] as const) {
        client.sendFragment(piece, isLast);
      }
      const answer = (): string | undefined => client.frames.find((frame) => frame.startsWith('431'));
      await waitUntil('it is answered', () => answer() !== undefined);
      expect(answer()).toContain('"ok":true');
    });

    it('pings without end are not answered without end, though nobody reads', async () => {
      const before = await endedFor('noise');
      const client = await RawClient.connect(node, uniqueUser('eve'));
      for (let i = 0; i < 200; i += 1) client.ping('x'.repeat(100));
      await client.closed();
      expect(await endedFor('noise')).toBe(before + 1);
    });

    it(
      'a message that is begun and never ended ends the connection, whatever is pinged meanwhile',
      async () => {
        const client = await RawClient.connect(node, uniqueUser('eve'));
        const pinging = setInterval(() => client.ping('still here'), 2000);
        client.sendFragment(`42["message:send",${'x'.repeat(200 * KILOBYTE)}`, false);
        await waitUntil('it is ended', () => !client.isOpen, PATIENCE_MS);
        clearInterval(pinging);
        expect(await endedFor('unfinished')).toBeGreaterThanOrEqual(1);
      },
      2 * PATIENCE_MS,
    );
  });

  describe('over HTTP', () => {
    it('many requests at once on one connection end it', async () => {
      const { socket, received, isClosed } = await tcp();
      socket.write('GET /style.css HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(200));
      await waitUntil('it is cut', isClosed);
      expect(received().split('HTTP/1.1 200').length - 1).toBeLessThanOrEqual(4);
    });

    it('a body is not read before the token has been looked at, nor on a route that takes none', async () => {
      for (const path of ['/messages', '/healthz', '/nowhere']) {
        const { socket, received, isClosed } = await tcp();
        socket.write(
          `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n{"a":`,
        );
        await waitUntil('the connection is ended', isClosed);
        expect(received()).toMatch(/^HTTP\/1\.1 40[14]/);
      }
    });

    it('packed bodies are not unpacked', async () => {
      const response = await fetch(`${node.url}/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
        body: Buffer.from([31, 139]),
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ details: [{ field: 'Content-Encoding' }] });
    });

    it('a body of more than 8 KB is too large for /auth', async () => {
      const response = await fetch(`${node.url}/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: 'x'.repeat(9000) }),
      });
      expect(response.status).toBe(413);
    });

    it('takes a token of 16,384 characters in a header', async () => {
      const { socket, received } = await tcp();
      socket.write(`GET /inbox HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${'x'.repeat(16_384)}\r\n\r\n`);
      await waitUntil('it is answered', () => received().startsWith('HTTP/1.1 4'));
      expect(received()).not.toContain('431');
    });

    it('a request that does not come to its end is given up within seconds', async () => {
      const headers = await tcp();
      headers.socket.write('GET / HTTP/1.1\r\nHost:');
      const body = await tcp();
      body.socket.write(
        `POST /presence/query HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tokenFor('eve')}\r\n` +
          'Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"users":',
      );
      await waitUntil('both are cut', () => headers.isClosed() && body.isClosed(), 20_000);
      expect([headers.received(), body.received()]).toEqual(Array(2).fill(expect.stringContaining('408')));
    }, 30_000);
  });
});
