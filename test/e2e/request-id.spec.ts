import { type BeelineNode, startNode, tokenFor, uniqueUser } from '../support';

describe('the id of a REST request', () => {
  let node: BeelineNode;
  beforeAll(async () => {
    node = await startNode();
  });
  afterAll(() => node.close());

  async function idOf(path: string, init: RequestInit = {}): Promise<string> {
    const response = await fetch(`${node.url}${path}`, init);
    await response.text();
    return response.headers.get('x-request-id') ?? '';
  }
  const givenId = (id: string): Promise<string> => idOf('/healthz', { headers: { 'X-Request-Id': id } });

  it.each([
    ['is well', '/healthz', {}],
    ['needs a token', '/inbox', {}],
    ['is a file', '/', {}],
    ['is not there', '/nowhere', {}],
    [
      'can not be read',
      '/auth/login',
      { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } },
    ],
  ])('is in the answer where the request %s, another one each time', async (_name, path, init) => {
    const [one, two] = [await idOf(path, init), await idOf(path, init)];
    expect(one).toMatch(/^[A-Za-z0-9_-]{16}$/);
    expect(two).not.toBe(one);
  });

  it.each(['7b1c', '01990c2e-6f2b-7d1e-8000-000000000000', `A_${'x'.repeat(62)}`])(
    'is the one that came with it: %s',
    async (id) => {
      expect(await givenId(id)).toBe(id);
    },
  );

  it.each([
    ['too long', 'x'.repeat(65)],
    ['words', 'my cat'],
    ['a token', tokenFor(uniqueUser('alice'))],
    ['markup', '<script>'],
    ['empty', ''],
  ])('is ours where what came is %s', async (_name, id) => {
    expect(await givenId(id)).toMatch(/^[A-Za-z0-9_-]{16}$/);
  });
});
