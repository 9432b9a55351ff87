/** The list of people: who is online, what is unread, and adding somebody by name. */
import { avatar, byId, el, keepList, setText } from './dom.js';
import { isName, NAME_RULE } from './welcome-view.js';
import { presenceInWords } from './words.js';

export class PeopleView {
  #list = byId('people');
  #onChosen;

  /** `onChosen(name)`: somebody was chosen, or added. */
  constructor(onChosen) {
    this.#onChosen = onChosen;
    byId('add-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#add(event.target.elements.name);
    });
  }

  render({ conversations, openedName, status, typing }) {
    const isOnline = status.state === 'online';
    const people = conversations?.list() ?? [];
    byId('no-people').hidden = people.length > 0;
    keepList(this.#list, people, ({ name }) => name, {
      create: (person) => this.#create(person),
      update: (item, person) => {
        const last = conversations.with(person.name).at(-1);
        this.#update(item.firstElementChild, {
          presence: isOnline ? person : {},
          unread: conversations.unread(person.name),
          by: last?.mine ? 'You: ' : '',
          last: last?.text ?? '',
          isTyping: isOnline && typing.has(person.name),
          isOpen: person.name === openedName,
        });
      },
    });
  }

  focus(name) {
    const items = [...this.#list.children];
    (items.find((item) => item.dataset.key === name)?.firstElementChild ?? byId('add-name')).focus();
  }

  #create({ name }) {
    const picture = el(
      'span',
      { className: 'picture' },
      avatar(name),
      el('span', { className: 'dot', ariaHidden: 'true' }),
    );
    const text = el(
      'span',
      { className: 'about' },
      el('span', { className: 'name', dir: 'auto' }, name),
      el('span', { className: 'unseen presence' }),
      el('span', { className: 'line' }, el('span', { className: 'by' }), el('bdi', { className: 'last' })),
    );
    const badge = el(
      'span',
      { className: 'badge' },
      el('span', { className: 'count' }),
      el('span', { className: 'unseen' }, ' unread'),
    );
    const button = el('button', { type: 'button', className: 'person' }, picture, text, badge);
    button.addEventListener('click', () => this.#onChosen(name));
    return el('li', {}, button);
  }

  #update(button, { presence, unread, by, last, isTyping, isOpen }) {
    const part = (name) => button.querySelector(`.${name}`);
    button.ariaCurrent = String(isOpen);
    button.dataset.online = String(presence.online);
    button.dataset.typing = String(isTyping);
    setText(part('presence'), ` ${presenceInWords(presence)}. `);
    setText(part('by'), isTyping ? '' : by);
    setText(part('last'), isTyping ? 'writing…' : last);
    setText(part('count'), unread > 99 ? '99+' : String(unread));
    part('badge').hidden = unread === 0;
  }

  #add(input) {
    const text = input.value.trim();
    const accepted = isName(text);
    setText(byId('add-problem'), accepted ? '' : NAME_RULE);
    if (!accepted) return input.focus();
    input.value = '';
    this.#onChosen(text.normalize('NFC'));
  }
}
