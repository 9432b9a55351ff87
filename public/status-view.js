/** Who I am, how the connection stands, and which node holds it: said as it is. */
import { avatar, byId, setText } from './dom.js';
import { endInWords, errorInWords, needsLogin } from './words.js';

/** A node id is the node's name, a dash and twelve random characters: people know the name. */
const RANDOM_END = /-.{12}$/;

export class StatusView {
  #actions;
  #action;
  #shownUser;

  /** `actions`: `reconnect()`, `logInAgain()`. */
  constructor(actions) {
    this.#actions = actions;
    byId('banner-action').addEventListener('click', () => this.#actions[this.#action]());
  }

  render({ status, session }) {
    const state = status.state === 'reconnecting' && !navigator.onLine ? 'offline' : status.state;
    byId('status').dataset.state = state;
    setText(byId('status-text'), LABELS[state]);
    const isOnline = state === 'online';
    if (session !== undefined) this.#renderSession(session, isOnline);
    byId('banner').hidden = isOnline || state === 'connecting';
    setText(byId('banner-text'), bannerText(state, status));
    // Spoken on every screen, also where the label or the banner is not to be seen.
    setText(byId('status-spoken'), bannerText(state, status) || LABELS[state]);
    byId('banner').dataset.state = state;
    if (state !== 'ended') this.#offer(undefined);
    else if (needsLogin(status)) this.#offer('logInAgain', 'Log in again');
    else this.#offer('reconnect', status.reason === 'replaced' ? 'Connect here' : 'Try again');
  }

  #renderSession({ userId, nodeId }, isOnline) {
    if (userId !== this.#shownUser) {
      this.#shownUser = userId;
      setText(byId('my-name'), userId);
      byId('my-avatar').replaceChildren(avatar(userId));
    }
    setText(
      byId('node'),
      `${isOnline ? 'Node' : 'Was on node'} ${nodeId.replace(RANDOM_END, '')} at ${location.host}`,
    );
    byId('node').title = `Node ${nodeId}`;
  }

  #offer(action, label) {
    this.#action = action;
    const button = byId('banner-action');
    button.hidden = action === undefined;
    if (action !== undefined) setText(button, label);
  }
}

const LABELS = {
  connecting: 'Connecting…',
  online: 'Connected',
  reconnecting: 'Reconnecting…',
  offline: 'Offline',
  ended: 'Ended',
};

const WRITE_ON = 'What you write is sent when the connection is back.';

function bannerText(state, status) {
  switch (state) {
    case 'ended':
      return endInWords(status);
    case 'offline':
      return `This device is offline. ${WRITE_ON}`;
    case 'reconnecting':
      return `${whyReconnecting(status)} Reconnecting. ${WRITE_ON}`;
    default:
      return '';
  }
}

function whyReconnecting({ reason, error }) {
  if (reason === 'draining') return 'The node has been shut down.';
  if (reason === 'evicted') return 'The node ended a connection that was too slow.';
  return error === undefined ? 'The connection is lost.' : errorInWords(error);
}
