/** Who is writing: word of one's own goes out now and then, word of others fades by itself. No DOM, no network. */

/** Said again while the writing goes on, so that it does not fade at the other end. */
const REPEAT_MS = 3_000;
/** Who has not touched the text for so long has stopped. */
const PAUSE_MS = 4_000;
/** Word that somebody has stopped may be lost: more than REPEAT_MS, so that one lost word of writing does no harm. */
const FADE_MS = 7_000;

export class OwnTyping {
  #say;
  #to;
  #saidAt = -Infinity;
  #pauseTimer;

  /** `say(to, typing)`. */
  constructor(say) {
    this.#say = say;
  }

  /** The text to somebody has changed. */
  wrote(to, text, now = Date.now()) {
    if (text.trim() === '') return this.stop();
    if (this.#to !== to) this.stop();
    clearTimeout(this.#pauseTimer);
    this.#pauseTimer = setTimeout(() => this.stop(), PAUSE_MS);
    if (this.#to === to && now - this.#saidAt < REPEAT_MS) return;
    this.#to = to;
    this.#saidAt = now;
    this.#say(to, true);
  }

  /** `silently`: a message that is sent says it, too. */
  stop({ silently = false } = {}) {
    clearTimeout(this.#pauseTimer);
    if (this.#to !== undefined && !silently) this.#say(this.#to, false);
    this.#to = undefined;
  }
}

export class OthersTyping {
  #timers = new Map();
  #onChange;

  constructor(onChange) {
    this.#onChange = onChange;
  }

  has(name) {
    return this.#timers.has(name);
  }

  take({ from, typing }) {
    this.forget(from);
    if (typing)
      this.#timers.set(
        from,
        setTimeout(() => this.forget(from), FADE_MS),
      );
    this.#onChange();
  }

  forget(name) {
    clearTimeout(this.#timers.get(name));
    if (this.#timers.delete(name)) this.#onChange();
  }
}
