/** REST of a Beeline node. */
import { tokenOf } from '../targets/catalogue.mjs';

export class RestClient {
  #origin;
  #headers;

  constructor({ port }, user) {
    this.#origin = `http://127.0.0.1:${port}`;
    this.#headers = { authorization: `Bearer ${tokenOf(user).token}`, 'content-type': 'application/json' };
  }

  get(path) {
    return this.#request(path, {});
  }

  post(path, body) {
    return this.#request(path, { method: 'POST', body: JSON.stringify(body) });
  }

  async #request(path, options) {
    const answer = await fetch(this.#origin + path, { ...options, headers: this.#headers });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}
