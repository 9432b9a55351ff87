import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BeelineNode, rest, startNode, TestClient, tokenFor, uniquePrefix, waitUntil } from '../support';

const ROOT = join(__dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

let node: BeelineNode;
afterEach(() => node.close());

describe('requests.http', () => {
  beforeEach(async () => {
    node = await startNode({ LOCAL_ACCOUNTS: 'on', REDIS_KEY_PREFIX: uniquePrefix() });
  });

  it('has every route, and every request succeeds when sent from top to bottom', async () => {
    const routes = new Set(await documentedRoutes());
    const answers = new Map<string, unknown>();
    const adminToken = `@adminToken = ${tokenFor('admin', { scope: 'admin' })}`;
    const file = read('requests.http').replace(/^@adminToken = .+$/m, adminToken);
    for (const request of parseRequests(file)) {
      const { name, method, path, token, headers, text } = fill(request, answers);
      const answer = await rest(node, method, path, { token, headers, text });
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
      if (name !== undefined) answers.set(name, answer.body);
      for (const route of routes) if (matches(route, method, path)) routes.delete(route);
    }
    expect([...routes]).toEqual([]);
  });
});

describe('the client in the README', () => {
  let alice: ChildProcess | undefined;
  let bob: TestClient | undefined;
  beforeEach(async () => {
    node = await startNode({ REDIS_KEY_PREFIX: uniquePrefix() });
  });
  afterEach(() => {
    alice?.kill('SIGKILL');
    bob?.close();
  });

  it('connects, shows what comes, acks it, and sends', async () => {
    const code = /```js\n([^]+?)```/.exec(read('README.md'))?.[1] ?? '';
    const child = spawn(process.execPath, ['--input-type=module', '--eval', runnable(code)], { cwd: ROOT });
    alice = child;
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    bob = await TestClient.connect(node, 'bob');
    const [first] = await bob.receives(1);
    expect(first).toMatchObject({ from: 'alice', body: { text: 'hi' } });

    // Both may come in one chunk, and the answer is printed a tick later than the message.
    await waitUntil('its send is answered', () => output.includes('sent: '));
    const answer = await bob.send('alice', { text: 'hello' }, 'b-1');
    await waitUntil('it is shown', () => output.includes('shown: hello'));
    await waitUntil('it is acked', async () => (await alicesCursor()) === answer['offset']);
    // The answer to its own send and bob's message come on ways of their own.
    await waitUntil('both are printed', () => output.split('\n').length > 2);
    expect(output.trim().split('\n').sort()).toEqual(['sent: false', 'shown: hello']);
  });

  /** What the sample leaves to its reader. */
  function runnable(code: string): string {
    return `
      const freshToken = async () => ${JSON.stringify(tokenFor('alice'))};
      const show = (message) => console.log('shown: ' + message.body.text);
      ${code.replace('http://localhost:3000', node.url)}
      console.log('sent: ' + (await send('bob', { text: 'hi' })).duplicate);`;
  }

  /** An ack of the beginning moves nothing and tells the cursor. */
  async function alicesCursor(): Promise<unknown> {
    const body = { deviceId: 'alice-laptop', offset: '0-0' };
    return (await rest(node, 'POST', '/inbox/chat/ack', { token: tokenFor('alice'), body })).body[
      'delivered'
    ];
  }
});

/** Every route of the OpenAPI document, as `get /inbox/{channel}`. */
async function documentedRoutes(): Promise<string[]> {
  const { body } = await rest(node, 'GET', '/docs-json');
  return Object.entries(body['paths'] as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
}

function matches(route: string, method: string, path: string): boolean {
  const pattern = route.replaceAll(/\{\w+\}/g, '[^/?]+');
  return new RegExp(`^${pattern}(\\?.*)?$`).test(`${method.toLowerCase()} ${path}`);
}

interface HttpRequest {
  name: string | undefined;
  method: string;
  path: string;
  headers: Record<string, string>;
  token: string | undefined;
  text: string | undefined;
}

/** The texts between the lines that begin with `###`, variables of the file put in. */
function parseRequests(file: string): string[] {
  const [head = '', ...requests] = file.split(/^###.*\n/m);
  const variables = [...head.matchAll(/^@(\w+) = (.+)$/gm)];
  return requests.map((request) =>
    variables.reduce((text, [, name, value]) => text.replaceAll(`{{${name}}}`, value ?? ''), request),
  );
}

/** One request with earlier answers put in, taken apart. */
function fill(request: string, answers: ReadonlyMap<string, unknown>): HttpRequest {
  const whole = request.replaceAll(
    /\{\{(\w+)\.response\.body\.(\w+)\}\}/g,
    (_text, name: string, field: string) => String((answers.get(name) as Record<string, unknown>)[field]),
  );
  const [head = '', text] = whole.trim().split('\n\n');
  const name = /^# @name (\w+)$/m.exec(head)?.[1];
  const [first = '', ...lines] = head.split('\n').filter((line) => !line.startsWith('#'));
  const [method = '', url = ''] = first.split(' ');
  const headers = Object.fromEntries(lines.map((line) => line.split(': ') as [string, string]));
  const { Authorization, 'Content-Type': _json, ...others } = headers;
  return {
    name,
    method,
    path: url.replace('http://localhost:3000', ''),
    headers: others,
    token: Authorization?.replace('Bearer ', ''),
    text,
  };
}
