/**
 * Sends what waits, by itself: to each person in the order of writing, each message with the `clientId` it was written
 * with, until the server has stored it or refused it. No DOM.
 *
 * The server knows a `clientId` again for some minutes only. So before anything is sent that may have been sent before,
 * by an earlier connection or before a reload, `look` reads what the server has stored of this user's own.
 */
import { alone } from './locks.js';

/** Where the server does not say how long to wait: doubled each time, up to the greatest. */
const PAUSE_MS = { first: 2_000, greatest: 30_000 };
/** `setTimeout` fires at once where it is told to wait longer than this (24.8 days). */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class Outbox {
  #waiting;
  #look;
  #send;
  #on;
  #lockPrefix;

  #isOpen = false;
  /** By name: `{ isBusy, timer, pauseMs, obstacle }`. */
  #lines = new Map();
  /** How often it has become doubtful what is stored, and how many of these doubts `look` has settled. */
  #doubts = 0;
  #settled = 0;
  #looking;

  /**
   * - `waiting`: WaitingMessages
   * - `look()`: promises that `waiting` is rid of all that is stored
   * - `send(record)`: promises the server's answer
   * - `on.line(name, { state, error })`: that line is `sending` or `waiting`, and what holds it up
   * - `on.stored(record, answer)`, `on.refused(record, error)`
   * - `lockPrefix`: of the locks that keep two tabs from sending the same
   */
  constructor({ waiting, look, send, on, lockPrefix }) {
    this.#waiting = waiting;
    this.#look = look;
    this.#send = send;
    this.#on = on;
    this.#lockPrefix = lockPrefix;
  }

  /** There is a connection, a new one. */
  open() {
    this.#isOpen = true;
    const names = this.#waiting.names();
    if (names.length > 0) this.#doubts += 1;
    for (const name of names) {
      this.#endPause(this.#line(name));
      this.wake(name);
    }
  }

  /** There is none. */
  close() {
    this.#isOpen = false;
    for (const [name, line] of this.#lines) {
      this.#endPause(line);
      this.#tell(name);
    }
  }

  /** Something was written to somebody. */
  wake(name) {
    const line = this.#line(name);
    if (this.#isOpen && !line.isBusy && line.timer === undefined) {
      line.isBusy = true;
      // Without locks, the `clientId` alone keeps two tabs from storing a message twice.
      void alone(this.#lockPrefix + name, () => this.#sendLine(name, line));
    }
    this.#tell(name);
  }

  /** Sends until nothing is left, or something stands in the way. */
  async #sendLine(name, line) {
    let record;
    while (this.#isOpen && line.timer === undefined && (record = this.#waiting.nextTo(name)) !== undefined) {
      if (this.#settled === this.#doubts) await this.#sendNext(record, line);
      else await this.#settleDoubts().catch((error) => this.#pause(name, line, error));
    }
    line.isBusy = false;
    this.#tell(name);
    // Connected anew in the very moment in which it had stopped.
    if (this.#isOpen && line.timer === undefined && record !== undefined) this.wake(name);
  }

  async #sendNext(record, line) {
    let answer;
    try {
      answer = await this.#send(record);
    } catch (error) {
      if (mayBeStored(error)) this.#doubts += 1;
      if (error.retryable) this.#pause(record.to, line, error);
      else this.#on.refused(record, error);
      return;
    }
    line.pauseMs = PAUSE_MS.first;
    line.obstacle = undefined;
    this.#on.stored(record, answer);
  }

  /** One look for all who ask while it is under way; a doubt that arises meanwhile needs another. */
  #settleDoubts() {
    const doubts = this.#doubts;
    this.#looking ??= this.#look()
      .then(() => (this.#settled = doubts))
      .finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /** Until the next connection, or for a while. */
  #pause(name, line, error) {
    line.obstacle = error;
    if (!this.#isOpen) return;
    const pauseMs = Math.min(error.retryAfterMs ?? line.pauseMs, LONGEST_TIMER_MS);
    line.pauseMs = Math.min(line.pauseMs * 2, PAUSE_MS.greatest);
    line.timer = setTimeout(() => {
      line.timer = undefined;
      this.wake(name);
    }, pauseMs);
  }

  #endPause(line) {
    clearTimeout(line.timer);
    line.timer = undefined;
    line.pauseMs = PAUSE_MS.first;
  }

  #line(name) {
    let line = this.#lines.get(name);
    if (line === undefined) {
      line = { isBusy: false, timer: undefined, pauseMs: PAUSE_MS.first, obstacle: undefined };
      this.#lines.set(name, line);
    }
    return line;
  }

  #tell(name) {
    const { isBusy, obstacle } = this.#line(name);
    if (!this.#isOpen) this.#on.line(name, { state: 'waiting', error: OFFLINE });
    else if (isBusy) this.#on.line(name, { state: 'sending' });
    else this.#on.line(name, { state: 'waiting', error: obstacle });
  }
}

const OFFLINE = { code: 'offline' };

/** Whether what failed so may have been stored all the same. */
function mayBeStored({ code, retryable }) {
  return code === 'internal' || (retryable && code !== 'rate_limited');
}
