import WebSocket from 'ws';

/**
 * A Socket.IO client of a few lines over raw WebSocket frames, so that the driver's own CPU stays small. Text
 * frames only: `0` open, `2`/`3` ping/pong, `40` connect, `42<id>[event, payload]` event, `43<id>[answer]` answer.
 */
export class RawClient {
  #socket;
  #nextId = 0;
  #waiting = new Map();
  #onMessage;

  constructor(socket, onMessage) {
    this.#socket = socket;
    this.#onMessage = onMessage;
  }

  static connect(port, auth, onMessage = () => {}) {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`, {
        perMessageDeflate: false,
      });
      const client = new RawClient(socket, onMessage);
      socket.on('error', reject);
      socket.on('message', (data) => {
        const frame = data.toString();
        if (frame.startsWith('0')) socket.send(`40${JSON.stringify(auth)}`);
        else if (frame === '2') socket.send('3');
        else if (frame.startsWith('40')) resolve(client);
        else if (frame.startsWith('44')) reject(new Error(frame));
        else client.#receive(frame);
      });
    });
  }

  /** Resolves with the answer. */
  request(event, payload) {
    return new Promise((resolve) => {
      const id = this.#nextId++;
      this.#waiting.set(id, resolve);
      this.#socket.send(`42${id}${JSON.stringify([event, payload])}`);
    });
  }

  close() {
    this.#socket.close();
  }

  #receive(frame) {
    if (frame.startsWith('42["message"')) {
      this.#onMessage(JSON.parse(frame.slice(2))[1]);
    } else if (frame.startsWith('43')) {
      const bracket = frame.indexOf('[');
      const id = Number(frame.slice(2, bracket));
      this.#waiting.get(id)(JSON.parse(frame.slice(bracket))[0]);
      this.#waiting.delete(id);
    }
  }
}
