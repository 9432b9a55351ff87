import { FrameSocket } from './frame-socket.mjs';

const PATH = '/socket.io/?EIO=4&transport=websocket';

/**
 * A Socket.IO client of a few lines. Text packets only: `0` open, `2`/`3` ping/pong, `40` connect, `44` refused,
 * `42<id>[event, payload]` event, `43<id>[answer]` answer.
 */
export class RawClient {
  #socket;
  #nextId = 0;
  #waiting = new Map();
  #closing = false;

  /** Resolves once the server has taken the connection. `onEvent` is called with name and payload. */
  static connect(port, auth, onEvent = () => {}) {
    const client = new RawClient();
    return new Promise((resolve, reject) => {
      const onText = (packet) => {
        if (packet.startsWith('42')) onEvent(...JSON.parse(packet.slice(2)));
        else if (packet.startsWith('43')) client.#answer(packet);
        else if (packet === '2') client.#socket.send('3');
        else if (packet.startsWith('40')) resolve(client);
        else if (packet.startsWith('44')) reject(new Error(`refused: ${packet.slice(2)}`));
        else if (!packet.startsWith('0')) throw new Error(`unexpected packet ${packet}`);
      };
      const onClose = () => {
        if (client.#closing) return;
        const error = new Error('the server has closed a connection');
        reject(error);
        for (const { reject: give } of client.#waiting.values()) give(error);
      };
      FrameSocket.open(port, PATH, { onText, onClose }).then((socket) => {
        client.#socket = socket;
        socket.send(`40${JSON.stringify(auth)}`);
      }, reject);
    });
  }

  /** Resolves with the answer. */
  request(event, payload) {
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(`42${id}${JSON.stringify([event, payload])}`);
    });
  }

  close() {
    this.#closing = true;
    this.#socket.close();
  }

  #answer(packet) {
    const bracket = packet.indexOf('[');
    const id = Number(packet.slice(2, bracket));
    const { resolve } = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve(JSON.parse(packet.slice(bracket))[0]);
  }
}
