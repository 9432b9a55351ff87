import {
  type BeelineNode,
  closeNodes,
  rest,
  type RestAnswer,
  startNode,
  uniqueUser,
  waitUntil,
} from '../support';

const PASSWORD = 'correct horse battery staple';
const WRONG = 'not the password';
/** Hashed at once; what is at work when somebody comes is finished first. */
const AT_ONCE = 2;

let networks = 0;
/** An address as the proxy in front of the node tells it; no two are in one network. */
const anAddress = (): string => `198.18.${(networks += 1) >> 8}.${networks & 255}`;

/** Strangers who try to log in, each with a name of its own, and how many of them have been answered. */
class Crowd {
  answered = 0;
  readonly answers: Promise<RestAnswer>[] = [];

  constructor(private readonly tryOne: (address: string) => Promise<RestAnswer>) {}

  come(address: string, tries: number): void {
    for (let i = 0; i < tries; i += 1) {
      const answer = this.tryOne(address);
      this.answers.push(answer);
      void answer.then(({ status }) => {
        if (status !== 503) this.answered += 1;
      });
    }
  }
}

describe('a crowd that wants to log in, on a node behind a proxy', () => {
  let node: BeelineNode;
  beforeAll(async () => {
    node = await startNode({ LOCAL_ACCOUNTS: 'on', TRUSTED_PROXIES: '1' });
  });
  afterAll(() => closeNodes(node));

  const post = (path: string, body: object, address: string): Promise<RestAnswer> =>
    rest(node, 'POST', `/auth/${path}`, { body, headers: { 'x-forwarded-for': address } });
  const login = (username: string, address: string, password = PASSWORD): Promise<RestAnswer> =>
    post('login', { username, password }, address);
  const strangers = (): Crowd => new Crowd((address) => login(uniqueUser('stranger'), address, WRONG));

  /** How many of the crowd are served before this one, and how this one fares. */
  async function behind(crowd: Crowd, one: () => Promise<RestAnswer>): Promise<[number, RestAnswer]> {
    await waitUntil('the crowd is being served', () => crowd.answered >= AT_ONCE);
    const before = crowd.answered;
    const answer = await one();
    const served = crowd.answered - before;
    return [served, answer];
  }

  it('of more addresses than there is room for lets a device that was here before go ahead', async () => {
    const home = anAddress();
    const owner = uniqueUser('owner');
    await post('register', { username: owner, password: PASSWORD }, home);
    const crowd = strangers();
    for (let i = 0; i < 110; i += 1) crowd.come(anAddress(), 1);
    const [served, answer] = await behind(crowd, () => login(owner, home));
    expect(answer.status).toBe(200);
    expect(served).toBeLessThanOrEqual(1 + 2 * AT_ONCE);
    const statuses = (await Promise.all(crowd.answers)).map(({ status }) => status);
    expect(statuses.every((status) => status === 401 || status === 503)).toBe(true);
    expect(statuses).toContain(503);
  }, 120_000);
});
