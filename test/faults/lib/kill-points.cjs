// Plain JavaScript, since Node preloads it before anything could transpile it: nothing here has a type.
/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/no-unsafe-return, typescript/unbound-method */
/**
 * Preloaded into a node (`node -r`) by tests only: it obeys orders over IPC, so that a process can end itself at
 * an exact point, lose every publish, have a wrong clock, or tell how much memory it holds. Orders are
 * `{ arm: <point>, passes: <n> }`: at the n-th passage of the point from now on.
 */
const { createHash } = require('node:crypto');
const { join } = require('node:path');
const { Redis } = require('ioredis');
const { Script } = require('../../../dist/redis/script.js');

const { lua } = new Script(join(__dirname, '../../../dist/routing/lua/unregister-connection-3.lua'));
const UNREGISTER = createHash('sha1').update(lua).digest('hex');

const BEAT = 'beat\t';
let armed = { point: undefined, passes: 0 };
let losesPublishes = false;
let publishes = 0;
let isDraining = false;

/** A passage of a point: the process ends there, with no chance to clean up, if it was told to. */
function passes(point) {
  if (armed.point !== point) return;
  armed.passes -= 1;
  if (armed.passes <= 0) process.kill(process.pid, 'SIGKILL');
}

const isEnvelope = (payload) => !String(payload).startsWith(BEAT);
const PUBLISHES = new Set(['publish', 'spublish']);

const { sendCommand, emit } = Redis.prototype;
Redis.prototype.sendCommand = function (command, ...rest) {
  const { name, args } = command;
  if (PUBLISHES.has(name) && isEnvelope(args[1])) {
    publishes += 1;
    passes('before-publish');
    if (losesPublishes) {
      command.resolve(0);
      return command.promise;
    }
  }
  if (name === 'evalsha') {
    if (isDraining && args[0] === UNREGISTER) passes('mid-drain');
    if (args.includes('after')) passes('mid-replay');
  }
  return sendCommand.call(this, command, ...rest);
};

Redis.prototype.emit = function (event, ...args) {
  if ((event === 'message' || event === 'smessage') && isEnvelope(args[1])) passes('before-push');
  return emit.call(this, event, ...args);
};

const clockOffsetMs = Number(process.env.FAULT_CLOCK_OFFSET_MS ?? 0);
if (clockOffsetMs !== 0) {
  const { now } = Date;
  Date.now = () => now() + clockOffsetMs;
}

process.on('SIGTERM', () => {
  isDraining = true;
});

process.on('message', (order) => {
  if (order.arm !== undefined) armed = { point: order.arm, passes: order.passes };
  if (order.losePublishes !== undefined) losesPublishes = order.losePublishes;
  if (order.publishes) process.send({ publishes });
  if (order.memory) {
    global.gc();
    const { heapUsed, external } = process.memoryUsage();
    process.send({ memory: heapUsed + external });
  }
});
// The test process is gone: nobody would end this one.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.channel?.unref();
