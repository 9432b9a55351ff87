/** What Beeline is held against on one node: Socket.IO alone, which stores nothing and checks nothing. */
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false });
io.on('connection', (socket) => {
  const { user } = socket.handshake.auth;
  void socket.join(user);
  socket.on('message:send', ({ to, body, clientId }, ack) => {
    io.to(to).emit('message', { id: clientId, from: user, to, body });
    ack({ ok: true });
  });
});
http.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));
