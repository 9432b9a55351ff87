import { Injectable } from '@nestjs/common';
import { createApp } from '../../src/app';
import { readConfig } from '../../src/config';
import { ContactPolicy } from '../../src/policy';
import type { UserId } from '../../src/shared';
import {
  type BeelineNode,
  closeNodes,
  rest,
  TEST_SECRET,
  TestClient,
  tokenFor,
  uniquePrefix,
  waitUntil,
} from '../support';

/** Nobody writes to a hermit or sees one; hermits do as they like. */
@Injectable()
class HermitPolicy extends ContactPolicy {
  override maySend(_from: UserId, to: UserId): boolean {
    return !to.startsWith('hermit');
  }

  override maySee(viewer: UserId, user: UserId): Promise<boolean> {
    return Promise.resolve(viewer === user || !user.startsWith('hermit'));
  }
}

describe("the application's contact policy", () => {
  let node: BeelineNode;
  let elsewhere: BeelineNode;
  const hermit = 'hermit-1';

  beforeAll(async () => {
    const environment = {
      REDIS_URL: process.env['TEST_REDIS_URL'],
      REDIS_KEY_PREFIX: uniquePrefix(),
      AUTH_SECRET: TEST_SECRET,
      LOCAL_ACCOUNTS: 'off',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'silent',
    };
    const start = async (): Promise<BeelineNode> => {
      const config = readConfig(environment);
      const app = await createApp(config, { contactPolicy: HermitPolicy });
      await app.listen(config.port, config.host);
      return { url: await app.getUrl(), app, close: () => app.close() };
    };
    [node, elsewhere] = await Promise.all([start(), start()]);
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(node, elsewhere));

  it('forbids sends and typing, at both doors, and stores nothing', async () => {
    const client = await TestClient.connect(node, 'guest');
    const message = { to: hermit, body: 'hello?', clientId: 'c-1' };
    const forbidden = { ok: false, error: { code: 'forbidden', retryable: false } };
    expect(await client.request('message:send', message)).toMatchObject(forbidden);
    expect(await client.request('typing', { to: hermit, typing: true })).toMatchObject(forbidden);
    const answer = await rest(node, 'POST', '/messages', { token: tokenFor('guest'), body: message });
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    const away = await TestClient.connect(node, hermit);
    expect(Object.values(away.session.channels).map(({ last }) => last)).toEqual(['0-0', '0-0', '0-0']);
  });

  it('lets word of typing through, to whichever node, where a message would be, and nowhere else', async () => {
    const [guest, away, friend] = [
      await TestClient.connect(node, 'guest'),
      await TestClient.connect(elsewhere, hermit),
      await TestClient.connect(elsewhere, 'friend'),
    ];
    const typing = (client: TestClient, to: string) => client.request('typing', { to, typing: true });
    expect((await typing(guest, hermit)).ok).toBe(false);
    expect(await typing(away, 'guest')).toEqual({ ok: true });
    // What had been let through to the other node would have come there before this.
    expect(await typing(guest, 'friend')).toEqual({ ok: true });
    for (const client of [guest, friend])
      await waitUntil('it is told', () => client.payloadsOf('typing').length > 0);
    expect(guest.payloadsOf('typing')).toEqual([{ from: hermit, channel: 'chat', typing: true }]);
    expect(away.payloadsOf('typing')).toEqual([]);
  });

  it('shows whom it hides as offline, never seen, and how far a message has come as sent', async () => {
    const guest = await TestClient.connect(node, 'guest');
    const unseen = { presence: { [hermit]: { online: false, devices: 0, lastSeen: null } } };
    expect(await guest.request('presence:watch', { users: [hermit] })).toMatchObject(unseen);
    const away = await TestClient.connect(node, hermit);
    const friend = await TestClient.connect(node, 'friend');
    await friend.request('presence:watch', { users: ['guest'] });
    expect(await guest.request('presence:get', { users: [hermit] })).toMatchObject(unseen);
    const look = await rest(node, 'GET', `/presence/${hermit}`, { token: tokenFor('guest') });
    expect(look.body).toEqual(unseen);
    const { offset } = await away.send('guest', 'I see you', 'c-2', { receipt: true });
    await guest.request('inbox:read', { channel: 'chat', offset });
    await waitUntil('the hermit, who sees all, is told', () => away.payloadsOf('receipt').length > 0);
    expect(guest.payloadsOf('presence')).toEqual([]);
  });
});
