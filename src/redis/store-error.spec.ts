import { toStoreError } from './store-error';

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

describe('an error of Redis', () => {
  it.each([
    'MOVED 3999 127.0.0.1:6381',
    'ASK 3999 127.0.0.1:6381',
    'TRYAGAIN Multiple keys request during rehashing of slot',
    "READONLY You can't write against a read only replica.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    'LOADING Redis is loading the dataset in memory',
    'MASTERDOWN Link with MASTER is down',
    'CLUSTERDOWN Hash slot not served',
    'NOREPLICAS Not enough good replicas to write.',
    'MISCONF Redis is configured to save RDB snapshots',
    'BUSY Redis is busy running a script.',
    "NOPERM this user has no permissions to run the 'evalsha' command",
    'NOAUTH Authentication required.',
    'WRONGPASS invalid username-password pair or user is disabled.',
    'ERR max number of clients reached',
    'TOMORROW a word that nobody knows yet',
  ])('%s is the state of the store: unavailable, and worth another try', (message) => {
    expect(toStoreError(reply(message))).toMatchObject({ code: 'unavailable', retryable: true });
  });

  it.each([
    "ERR wrong number of arguments for 'get' command",
    'ERR user_script:12: attempt to index a nil value script: 0123, on @user_script:12.',
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    "CROSSSLOT Keys in request don't hash to the same slot",
  ])('%s is a fault of ours, and comes through as it is', (message) => {
    const error = reply(message);
    expect(toStoreError(error)).toBe(error);
  });

  it('of the connection is unavailable', () => {
    expect(toStoreError(new Error('Connection is closed.'))).toMatchObject({ code: 'unavailable' });
  });
});
