/** The first screen: make an account, log in, or bring a token. */
import { byId, setText } from './dom.js';
import { errorInWords } from './words.js';

const MIN_PASSWORD_LENGTH = 8;
const MAX_NAME_LENGTH = 128;
const NAME_PATTERN = /^(?!\p{M})[\p{L}\p{M}\p{N}_.@:|+\-'=~]+$/u;
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;

export function isName(text) {
  if (text.length > MAX_NAME_LENGTH || text === '__proto__') return false;
  const name = text.normalize('NFC');
  return name.length <= MAX_NAME_LENGTH && NAME_PATTERN.test(name) && !INVISIBLE.test(name);
}

export const NAME_RULE = "A name is made of letters, marks, numbers and _ . @ : | + - ' = ~";

export class WelcomeView {
  #login;
  #onEntered;
  #form = byId('account-form');

  constructor(login, onEntered) {
    this.#login = login;
    this.#onEntered = onEntered;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit(event.submitter?.value ?? 'register');
    });
    byId('token-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#useToken(byId('token'));
    });
  }

  show() {
    byId('welcome').hidden = false;
    this.#form.elements.username.focus();
  }

  #complain(text) {
    setText(byId('sign-in-problem'), text);
  }

  async #submit(action) {
    const { username, password } = this.#form.elements;
    if (!isName(username.value)) return this.#refuse(username, NAME_RULE);
    if (password.value.length < MIN_PASSWORD_LENGTH) {
      return this.#refuse(password, `The password needs at least ${MIN_PASSWORD_LENGTH} characters.`);
    }
    this.#complain('');
    this.#setBusy(true);
    try {
      await this.#login[action](username.value, password.value);
      this.#enter();
    } catch (error) {
      this.#complain(inWords(error));
      if (error.code === 'not_found') this.#offerTokenOnly();
    } finally {
      this.#setBusy(false);
    }
  }

  #useToken(input) {
    try {
      this.#login.useToken(input.value.trim());
    } catch (error) {
      setText(byId('token-problem'), errorInWords(error));
      return input.focus();
    }
    this.#enter();
  }

  #refuse(input, text) {
    this.#complain(text);
    input.focus();
  }

  #setBusy(busy) {
    for (const button of this.#form.querySelectorAll('button')) button.disabled = busy;
  }

  /** This server keeps no accounts. */
  #offerTokenOnly() {
    byId('token-details').open = true;
    byId('token').focus();
  }

  #enter() {
    this.#form.reset();
    byId('token-form').reset();
    this.#complain('');
    setText(byId('token-problem'), '');
    byId('welcome').hidden = true;
    this.#onEntered();
  }
}

function inWords(error) {
  switch (error.code) {
    case 'not_found':
      return 'This server keeps no accounts: another system does. Please bring a token of that system.';
    case 'unauthorized':
      return 'Wrong name or password.';
    default:
      return errorInWords(error);
  }
}
