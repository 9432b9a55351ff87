/** Who is logged in in this tab: local accounts over REST, and tokens that are renewed before they run out. */
import { BeelineError } from './beeline-client.js';
import { alone, hasLocks, heldNames, hold } from './locks.js';
import { BASE, STORAGE_PREFIX } from './place.js';
import { claimsOf, whyNoToken, whyRefused } from './token.js';

/**
 * `sessionStorage` belongs to one tab: so two tabs can be two users. A tab that is duplicated has a copy of it, and
 * then two tabs are one login: what one of them renews, the other finds in `localStorage`, under the login's `sid`.
 */
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
  #tokens = readTokens(sessionStorage.getItem(KEY));
  #refreshing;
  #heldKey;

  constructor() {
    if (!hasLocks) return;
    this.#holdKey();
    void forgetClosed(this.#heldKey);
  }

  get isOpen() {
    return this.#tokens !== null;
  }

  /**
   * A name for this tab, kept for as long as it lives: the server keeps this device's place by it. A duplicate finds
   * the name taken, and takes another: one device is one connection.
   */
  async claimDevice() {
    let deviceId = sessionStorage.getItem(DEVICE_KEY) ?? newDeviceId();
    if (hasLocks && !(await hold(`${DEVICE_KEY}:${deviceId}`))) {
      deviceId = newDeviceId();
      await hold(`${DEVICE_KEY}:${deviceId}`);
    }
    sessionStorage.setItem(DEVICE_KEY, deviceId);
    return deviceId;
  }

  /** Renewed by another tab of this login. */
  takeFromOtherTab(key, value) {
    const tokens = readTokens(value);
    if (tokens !== null && this.#tokens !== null && key === sharedKeyOf(this.#tokens)) this.#save(tokens);
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
    if (renew || runsOut(this.#tokens)) await this.#refresh();
    if (this.#tokens === null) throw loggedOut();
    return this.#tokens.accessToken;
  }

  /** Ends the login on the server: its refresh token, and its connections, in other tabs too. */
  async logOut() {
    // A token that has run out would be refused, and the login would live on.
    const accessToken = await this.accessToken(false).catch(() => undefined);
    if (this.#tokens !== null) localStorage.removeItem(sharedKeyOf(this.#tokens));
    this.#save(null);
    // Out here, whatever the server says to it.
    if (accessToken !== undefined) await post('auth/logout', {}, accessToken).catch(() => undefined);
  }

  /** One refresh at a time, of all tabs of the login: a refresh token used twice looks stolen. */
  #refresh() {
    this.#refreshing ??= this.#refreshOnce().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #refreshOnce() {
    const { accessToken, refreshToken } = this.#tokens;
    if (refreshToken === undefined) throw new LoginEnded(whyRefused(accessToken));
    const key = sharedKeyOf(this.#tokens);
    await alone(key, async () => {
      if (this.#tokens === null) throw loggedOut();
      const shared = readTokens(localStorage.getItem(key));
      if (shared !== null && shared.refreshToken !== this.#tokens.refreshToken) {
        this.#save(shared);
        if (!runsOut(shared)) return;
      }
      const fresh = await post('auth/refresh', { refreshToken: this.#tokens.refreshToken });
      if (this.#tokens === null) throw loggedOut();
      this.#keep(fresh);
      share(key, this.#tokens);
    });
  }

  #keep({ accessToken, refreshToken, expiresIn }) {
    this.#save({ accessToken, refreshToken, expiresAt: Date.now() + expiresIn * 1000 });
  }

  #save(tokens) {
    this.#tokens = tokens;
    if (tokens === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, JSON.stringify(tokens));
    if (hasLocks) this.#holdKey();
  }

  /** Tells the tabs of other logins that this one is open. */
  #holdKey() {
    const key = this.#tokens === null ? undefined : sharedKeyOf(this.#tokens);
    if (key === this.#heldKey) return;
    this.#heldKey = key;
    if (key !== undefined) void hold(openName(key), 'shared');
  }
}

function loggedOut() {
  return new LoginEnded('You are logged out.');
}

function newDeviceId() {
  return `web-${Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join('')}`;
}

function runsOut({ expiresAt }) {
  return Date.now() > expiresAt - MARGIN_MS;
}

function readTokens(json) {
  try {
    const tokens = JSON.parse(json);
    return typeof tokens?.accessToken === 'string' ? tokens : null;
  } catch {
    return null; // not written by this page
  }
}

/** Where the tabs of one login find its newest tokens. */
function sharedKeyOf({ accessToken }) {
  return `${KEY}:${claimsOf(accessToken)?.sid}`;
}

/** The lock that all tabs share whose tokens have that key. */
function openName(key) {
  return `${key} is open`;
}

/** Tokens are not left lying about where the last tab of their login has been closed. */
async function forgetClosed(ownKey) {
  const held = await heldNames();
  for (const key of Object.keys(localStorage)) {
    const isOthers = key.startsWith(`${KEY}:`) && key !== ownKey;
    if (isOthers && !held.has(openName(key))) localStorage.removeItem(key);
  }
}

/** What is there is always the newest, or nothing. */
function share(key, tokens) {
  try {
    localStorage.setItem(key, JSON.stringify(tokens));
  } catch {
    localStorage.removeItem(key); // no room
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
