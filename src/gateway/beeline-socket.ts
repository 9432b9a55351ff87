import type { Server, Socket } from 'socket.io';
import type { ClientToServerEvents, ServerToClientEvents } from './events';

/** Socket.IO's server and socket, knowing our events. */
export type BeelineServer = Server<ClientToServerEvents, ServerToClientEvents>;
export type BeelineSocket = Socket<ClientToServerEvents, ServerToClientEvents>;
