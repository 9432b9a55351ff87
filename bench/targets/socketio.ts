/** Socket.IO alone, with an adapter, or with an adapter and a naive store: what Beeline is held against. */
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { adapterFromEnvironment } from './adapter';
import { NaiveStore } from './naive-store';

interface Outgoing {
  to: string;
  body: unknown;
  clientId: string;
}

async function main(): Promise<void> {
  const { PORT, STORE, REDIS_URL = '' } = process.env;
  const adapter = await adapterFromEnvironment();
  const store = STORE === 'naive' ? new NaiveStore(REDIS_URL) : undefined;
  const http = createServer();
  const io = new Server(http, { transports: ['websocket'], ...(adapter && { adapter }) });
  io.on('connection', (socket) => {
    const { user } = socket.handshake.auth as { user: string };
    void socket.join(user);
    socket.on('message:send', async ({ to, body, clientId }: Outgoing, ack: (answer: object) => void) => {
      const message = { id: clientId, from: user, to, body, sentAt: Date.now() };
      await store?.append(to, message);
      io.to(to).emit('message', message);
      ack({ ok: true });
    });
  });
  http.listen(Number(PORT), '127.0.0.1', () => console.log('listening'));
}

void main();
