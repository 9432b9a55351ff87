/** The model on the saved rows: its costs, how well it meets what was measured, and what deployments need. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { compile } from './lib/compile.mjs';

const compiled = compile();
const require = createRequire(import.meta.url);
const { HABITS, LIMITS, loadOf, needFor, usersOn } = require(compiled('model.ts'));
const { comparisons, costsFrom, Measured } = require(compiled('model-check.ts'));

const NODES = [1, 10, 1_000];
const USERS = 50_000_000;
const GIB = 2 ** 30;

const measured = new Measured(JSON.parse(readFileSync('bench/results.json', 'utf8')));
const costs = costsFrom(measured);
console.log('What one of each costs:', costs);
console.log('What is taken for granted:', HABITS, LIMITS);

console.table(
  comparisons(measured).map(({ what, predicted, measured: seen }) => ({
    what,
    predicted: Number(predicted.toPrecision(4)),
    measured: Number(seen.toPrecision(4)),
    'predicted ÷ measured': (predicted / seen).toFixed(2),
  })),
);

console.table(
  [...NODES.map((nodes) => usersOn(nodes, costs)), USERS].map((users) => {
    const load = loadOf(users);
    const need = needFor(load, costs);
    return {
      users,
      connections: Math.round(load.connections),
      'messages per second': Math.round(load.messagesPerSecond),
      nodes: need.nodes,
      'node cores busy': need.nodeCores.toFixed(2),
      'node memory, GiB': (need.nodeRssBytes / GIB).toFixed(1),
      'Redis masters': need.masters,
      'Redis cores busy': need.redisCores.toFixed(2),
      'Redis memory, GiB': (need.storeBytes / GIB).toFixed(1),
      'Redis out, MB/s': (need.redisBytesOutPerSecond / 1e6).toFixed(1),
      'sweeps per second': Math.round(need.sweepsPerSecond),
    };
  }),
);
