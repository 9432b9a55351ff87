/** One conversation: its messages with the state of each own one, and the field to write in. */
import { avatar, byId, el, keepList, setText } from './dom.js';
import { dayInWords, isolated, presenceInWords, stateInWords, timeInWords } from './words.js';

const ENTER_SENDS = matchMedia('(hover: hover)');
/** So near to the end counts as being at the end. */
const NEAR_PX = 80;
const GROUP_MS = 5 * 60_000;

export class ConversationView {
  #log = byId('log');
  #text = byId('text');
  #shownName;
  #isAtEnd = true;
  #drafts = new Map();
  #actions;

  /** `actions`: `send(text)`: whether it was taken; `wrote(text)`, `discard(entry)`, `back()`. */
  constructor(actions) {
    this.#actions = actions;
    byId('back').addEventListener('click', () => actions.back());
    byId('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#text.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || !ENTER_SENDS.matches) return;
      event.preventDefault();
      this.#send();
    });
    this.#text.addEventListener('input', () => {
      this.#fit();
      actions.wrote(this.#text.value);
    });
    this.#log.addEventListener('scroll', () => (this.#isAtEnd = this.#measureEnd()));
    // A keyboard that slides in, a field that grows: the end stays where it was.
    new ResizeObserver(() => this.#isAtEnd && this.#scrollToEnd()).observe(this.#log);
  }

  render({ conversations, openedName, status, typing }) {
    const isOpen = openedName !== undefined;
    byId('talk').hidden = !isOpen;
    byId('nobody').hidden = isOpen;
    const hasChanged = openedName !== this.#shownName;
    if (hasChanged) this.#turnTo(openedName);
    if (!isOpen) return;
    const presence = status.state === 'online' ? conversations.people.get(openedName) : {};
    this.#renderPresence(presence, status.state === 'online' && typing.has(openedName));
    this.#renderMessages(conversations.with(openedName), hasChanged);
  }

  /** Not a live region: it describes the text field, and is read out when one comes to that. */
  #renderPresence(presence, isTyping) {
    const line = byId('peer-presence');
    setText(line, isTyping ? 'writing…' : presenceInWords(presence));
    line.dataset.online = String(presence.online === true);
    line.dataset.typing = String(isTyping);
  }

  focus() {
    this.#text.focus();
  }

  #turnTo(name) {
    this.#drafts.set(this.#shownName, this.#text.value);
    this.#shownName = name;
    byId('messages').replaceChildren();
    if (name === undefined) return;
    setText(byId('peer-name'), name);
    setText(byId('text-label'), `Message to ${name}`);
    this.#log.ariaLabel = `Messages with ${name}`;
    byId('peer-avatar').replaceChildren(avatar(name));
    this.#text.value = this.#drafts.get(name) ?? '';
    this.#fit();
  }

  /** A conversation that is opened is not read out from its beginning: only what comes then is. */
  #renderMessages(entries, isNew) {
    this.#isAtEnd ||= isNew;
    this.#log.ariaBusy = String(isNew);
    byId('log-empty').hidden = entries.length > 0;
    const name = isolated(this.#shownName ?? '');
    setText(
      byId('log-empty'),
      `This is the beginning. ${name} need not be online: what you write will wait.`,
    );
    keepList(byId('messages'), entries.map(withNeighbours), ({ entry }) => keyOf(entry), {
      create: ({ entry }) => this.#create(entry),
      update: (item, shown) => this.#update(item, shown),
    });
    if (isNew) requestAnimationFrame(() => (this.#log.ariaBusy = 'false'));
    if (this.#isAtEnd) this.#scrollToEnd();
  }

  #measureEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight < NEAR_PX;
  }

  #scrollToEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  #create(entry) {
    // `bdi`: whose it is has no say in which way the text runs.
    const who = el('bdi', { className: 'unseen' }, entry.mine ? 'You: ' : `${entry.peer}: `);
    const bubble = el('p', { className: 'bubble', dir: 'auto' }, who, entry.text);
    const time = el('time', { dateTime: new Date(entry.at).toISOString() }, timeInWords(entry.at));
    const below = el('p', { className: 'below' }, time, el('span', { className: 'state' }));
    const item = el('li', { className: entry.mine ? 'mine' : 'theirs' }, bubble, below);
    if (entry.mine) item.append(this.#createFailure(entry));
    return item;
  }

  /** Why it was not sent, and what can be done: hidden until then. */
  #createFailure(entry) {
    const button = (label, className, act) => {
      const element = el('button', { type: 'button', className: `small ${className}` }, label);
      // The button that was pressed goes: focus goes to where one writes.
      element.addEventListener('click', () => {
        act();
        this.focus();
      });
      return element;
    };
    return el(
      'div',
      { className: 'failure', hidden: true },
      el('p', { className: 'why', role: 'alert' }),
      button('Edit', '', () => this.#edit(entry)),
      button('Remove', 'quiet', () => this.#actions.discard(entry)),
    );
  }

  #edit(entry) {
    this.#text.value = entry.text;
    this.#fit();
    this.#actions.discard(entry);
  }

  #update(item, { entry, startsDay, startsGroup, endsGroup }) {
    item.dataset.state = entry.state ?? '';
    item.classList.toggle('group-start', startsGroup);
    item.classList.toggle('group-end', endsGroup);
    if (startsDay) item.dataset.day = dayInWords(entry.at);
    else delete item.dataset.day;
    if (!entry.mine) return;
    setText(item.querySelector('.state'), stateInWords(entry));
    item.querySelector('.failure').hidden = entry.state !== 'failed';
    setText(item.querySelector('.why'), entry.problem ?? '');
  }

  #send() {
    const text = this.#text.value.trim();
    if (text === '') return;
    this.#isAtEnd = true;
    if (this.#actions.send(text)) this.#text.value = '';
    this.#fit();
    this.focus();
  }

  #fit() {
    this.#text.style.height = 'auto';
    this.#text.style.height = `${this.#text.scrollHeight + 2}px`;
  }
}

/** An own message keeps its key when it gets its id. */
function keyOf({ mine, clientId, id }) {
  return mine ? `own ${clientId ?? id}` : id;
}

function withNeighbours(entry, i, entries) {
  const before = entries[i - 1];
  const after = entries[i + 1];
  const startsDay =
    before === undefined || new Date(before.at).toDateString() !== new Date(entry.at).toDateString();
  return {
    entry,
    startsDay,
    startsGroup: startsDay || !isSameGroup(before, entry),
    endsGroup: after === undefined || !isSameGroup(entry, after),
  };
}

function isSameGroup(a, b) {
  return a.mine === b.mine && b.at - a.at < GROUP_MS && a.state === b.state;
}
