/** Who is logged in in this tab: local accounts over REST, and tokens that are renewed before they run out. */
import { BeelineError } from './beeline-client.js';
import { BASE, STORAGE_PREFIX } from './place.js';
import { whyNoToken, whyRefused } from './token.js';

/** `sessionStorage` belongs to one tab: so two tabs can be two users. */
const KEY = `${STORAGE_PREFIX}.login`;
const DEVICE_KEY = `${STORAGE_PREFIX}.device`;
const MARGIN_MS = 30_000;

/** Only a new login helps. The message is for people. */
export class LoginEnded extends BeelineError {
  constructor(message) {
    super({ code: 'unauthorized', message });
  }
}

export class Login {
  #tokens = readTokens();
  #refreshing;

  get isOpen() {
    return this.#tokens !== null;
  }

  /** A name for this tab, kept for as long as it lives: the server keeps this device's place by it. */
  get deviceId() {
    let deviceId = sessionStorage.getItem(DEVICE_KEY);
    if (deviceId === null) {
      deviceId = `web-${Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join('')}`;
      sessionStorage.setItem(DEVICE_KEY, deviceId);
    }
    return deviceId;
  }

  async register(username, password) {
    this.#keep(await post('auth/register', { username, password }));
  }

  async logIn(username, password) {
    this.#keep(await post('auth/login', { username, password }));
  }

  /** A token of an outside issuer, or of `npm run token`: it can not be renewed here. Throws where it is none. */
  useToken(accessToken) {
    const problem = whyNoToken(accessToken);
    if (problem !== undefined) throw new LoginEnded(problem);
    this.#save({ accessToken, expiresAt: Number.MAX_SAFE_INTEGER });
  }

  /** What BeelineClient asks for: a token that is still good, or a new one where it says that it needs one. */
  async accessToken(renew) {
    if (this.#tokens === null) throw loggedOut();
    const runsOut = Date.now() > this.#tokens.expiresAt - MARGIN_MS;
    if (renew || runsOut) await this.#refresh();
    if (this.#tokens === null) throw loggedOut();
    return this.#tokens.accessToken;
  }

  /** Ends the login on the server: its refresh token, and its connections, in other tabs too. */
  async logOut() {
    // A token that has run out would be refused, and the login would live on.
    const accessToken = await this.accessToken(false).catch(() => undefined);
    this.#save(null);
    // Out here, whatever the server says to it.
    if (accessToken !== undefined) await post('auth/logout', {}, accessToken).catch(() => undefined);
  }

  /** One refresh at a time: a refresh token used twice looks stolen. */
  #refresh() {
    this.#refreshing ??= this.#refreshOnce().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #refreshOnce() {
    const { accessToken, refreshToken } = this.#tokens;
    if (refreshToken === undefined) throw new LoginEnded(whyRefused(accessToken));
    this.#keep(await post('auth/refresh', { refreshToken }));
  }

  #keep({ accessToken, refreshToken, expiresIn }) {
    this.#save({ accessToken, refreshToken, expiresAt: Date.now() + expiresIn * 1000 });
  }

  #save(tokens) {
    this.#tokens = tokens;
    if (tokens === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, JSON.stringify(tokens));
  }
}

function loggedOut() {
  return new LoginEnded('You are logged out.');
}

function readTokens() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null; // not written by this page
  }
}

/** Errors come as `application/problem+json`: the same code as over Socket.IO, its words in `detail`. */
async function post(path, body, token) {
  const response = await fetch(new URL(path, BASE), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  }).catch(() => {
    throw new BeelineError({ code: 'offline', message: 'the server can not be reached', retryable: true });
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new BeelineError({ ...answer, code: answer.code ?? 'internal', message: answer.detail });
}
