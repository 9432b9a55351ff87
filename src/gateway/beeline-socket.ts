import type { Server, Socket } from 'socket.io';
import type { ClientToServerEvents, ServerToClientEvents } from './events';

/** Socket.IO's server and socket, knowing our events. */
export type BeelineServer = Server<ClientToServerEvents, ServerToClientEvents>;
export type BeelineSocket = Socket<ClientToServerEvents, ServerToClientEvents>;
export type EngineSocket = BeelineSocket['conn'];

/** What we need of the `ws` socket. */
interface WebSocket {
  /** What waits for the network, whoever put it there: `ws` answers pings by itself. */
  readonly bufferedAmount: number;
  pause(): void;
  resume(): void;
  ping(): void;
  /** Ends it at once, without a word that the other side would have to answer. */
  terminate(): void;
  once(event: 'pong' | 'close', listener: () => void): void;
  on(event: 'ping' | 'pong', listener: (data: Buffer) => void): void;
}

/** Engine.IO's WebSocket transport keeps its `ws` socket to itself; only WebSocket is on. */
export function webSocketOf(conn: EngineSocket): WebSocket {
  return (conn.transport as unknown as { socket: WebSocket }).socket;
}
