import type { Server, Socket } from 'socket.io';
import type { ClientToServerEvents, ServerToClientEvents } from './events';

/** Socket.IO's server and socket, knowing our events. */
export type BeelineServer = Server<ClientToServerEvents, ServerToClientEvents>;
export type BeelineSocket = Socket<ClientToServerEvents, ServerToClientEvents>;
export type EngineSocket = BeelineSocket['conn'];

/** What we need of the `ws` socket: it can stop reading, and ask the other side for a sign. */
interface WebSocket {
  pause(): void;
  resume(): void;
  ping(): void;
  once(event: 'pong' | 'close', listener: () => void): void;
}

/** Engine.IO's WebSocket transport keeps its `ws` socket to itself; only WebSocket is on. */
export function webSocketOf(conn: EngineSocket): WebSocket {
  return (conn.transport as unknown as { socket: WebSocket }).socket;
}
