/** The page: one login, one chat, three views of it. */
import { Chat } from './chat.js';
import { ConversationView } from './conversation-view.js';
import { byId, el, setText } from './dom.js';
import { Login } from './login.js';
import { PeopleView } from './people-view.js';
import { StatusView } from './status-view.js';
import { WelcomeView } from './welcome-view.js';

const NOTICE_MS = 8_000;
/** "Last seen 3 min ago" grows old by itself. */
const TIMES_MS = 30_000;
const SECOND_WINDOW = 'noopener,popup,width=520,height=780';

const login = new Login();
let chat;

const people = new PeopleView((name) => open(name));
const conversation = new ConversationView({
  send: (text) => chat.send(chat.openedName, text),
  wrote: (text) => chat.wrote(text),
  discard: (entry) => chat.discard(entry),
  back: () => close(),
});
const status = new StatusView({ reconnect: () => chat.reconnect(), logInAgain: () => leave() });
const welcome = new WelcomeView(login, () => void enter());

async function enter() {
  const deviceId = await login.claimDevice();
  byId('app').hidden = false;
  byId('app').dataset.screen = 'list';
  chat = new Chat(login, deviceId, {
    onChange: renderSoon,
    onNotice: notify,
    isVisible: () => document.visibilityState === 'visible',
  });
  byId('add-name').focus();
}

function leave() {
  chat.close();
  // Loaded anew, the views start afresh and nothing of this user stays in memory.
  void login.logOut().finally(() => location.reload());
}

function open(name) {
  if (chat.conversations === undefined) return notify('Please wait for the connection.');
  byId('app').dataset.screen = 'conversation';
  chat.open(name);
  render();
  conversation.focus();
}

/** On a phone the list and a conversation are two screens. */
function close() {
  const { openedName } = chat;
  byId('app').dataset.screen = 'list';
  chat.open(undefined);
  render();
  people.focus(openedName);
}

let renderIsDue = false;

/** Many changes, one rendering. */
function renderSoon() {
  if (renderIsDue) return;
  renderIsDue = true;
  queueMicrotask(() => {
    renderIsDue = false;
    render();
  });
}

function render() {
  status.render(chat);
  renderAnnouncement(chat);
  people.render(chat);
  conversation.render(chat);
  const unread = chat.conversations?.totalUnread() ?? 0;
  document.title = unread > 0 ? `(${unread}) Beeline` : 'Beeline';
}

function renderAnnouncement({ announcement }) {
  byId('announcement').hidden = announcement === undefined;
  setText(byId('announcement-text'), announcement ?? '');
}

function notify(text) {
  const notice = el('p', { dir: 'auto' }, text);
  byId('notices').append(notice);
  setTimeout(() => notice.remove(), NOTICE_MS);
}

document.addEventListener('visibilitychange', () => {
  chat?.markShown();
  if (chat !== undefined) renderSoon();
});
for (const event of ['online', 'offline']) addEventListener(event, () => chat !== undefined && renderSoon());
// What another tab of this user wrote or has sent, or of this login renewed.
addEventListener('storage', ({ key, newValue }) => {
  login.takeFromOtherTab(key, newValue);
  chat?.takeFromOtherTab(key, newValue);
});
setInterval(() => chat !== undefined && renderSoon(), TIMES_MS);
byId('announcement-dismiss').addEventListener('click', () => chat.dismissAnnouncement());
byId('log-out').addEventListener('click', () => leave());
for (const link of document.querySelectorAll('[data-second-window]')) {
  link.addEventListener('click', (event) => {
    event.preventDefault();
    // `noopener`: a window of its own, with a `sessionStorage` of its own, so somebody else can log in there.
    window.open(link.href, '_blank', SECOND_WINDOW);
  });
}

if (login.isOpen) void enter();
else welcome.show();
