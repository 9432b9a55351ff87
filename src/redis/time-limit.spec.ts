import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { TimeoutError, withTimeLimit } from './time-limit';

describe('a time limit', () => {
  it('lets an answer in time through, and an error as it is', async () => {
    await expect(withTimeLimit(Promise.resolve(7), 1000)).resolves.toBe(7);
    await expect(withTimeLimit(Promise.reject(new Error('its own')), 1000)).rejects.toThrow('its own');
  });

  it('rejects where there is none', async () => {
    await expect(withTimeLimit(new Promise(() => {}), 5)).rejects.toBeInstanceOf(TimeoutError);
  });

  it('does not take its own being busy for the silence of the other side', async () => {
    const server = createServer((socket) => socket.write('an answer', () => server.emit('answered'))).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const answered = once(server, 'answered');
    const socket = connect(port, '127.0.0.1');
    try {
      const answer = withTimeLimit(once(socket, 'data'), 20);
      answer.catch(() => undefined);
      await answered;
      const busyUntil = performance.now() + 100;
      while (performance.now() < busyUntil);
      await expect(answer).resolves.toBeDefined();
    } finally {
      socket.destroy();
      server.close();
    }
  });
});
