/**
 * Where the CPU of one node goes at saturation, once it is warm: self time by whose code it is, and the functions that
 * take most. `node bench/profile.mjs [--target beeline] [--nodes 4] [--messages 20000] [--out FILE.cpuprofile]`
 */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../scripts/lib/build.mjs';
import { startProfile, stopProfile } from './lib/processes.mjs';
import { selfTimes } from './lib/profile-groups.mjs';
import { Traffic } from './lib/traffic.mjs';
import { openCluster } from './targets/catalogue.mjs';

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: 'beeline' },
    nodes: { type: 'string', default: '1' },
    messages: { type: 'string', default: '20000' },
    out: { type: 'string', default: join(tmpdir(), `beeline-${process.pid}.cpuprofile`) },
  },
});
const nodes = Number(values.nodes);
const messages = Number(values.messages);
const FUNCTIONS_SHOWN = 30;

build();
const cluster = await openCluster(values.target, nodes);
const traffic = await Traffic.open(cluster);
await traffic.warmUp(nodes, messages);
const [first] = cluster.children;
await startProfile(first);
await traffic.saturate(messages);
await stopProfile(first, resolve(values.out));
traffic.close();
await cluster.stop();

const { groups, functions } = selfTimes(JSON.parse(readFileSync(values.out, 'utf8')));
const total = groups.reduce((sum, [, us]) => sum + us, 0);
const line = ([name, us]) =>
  `${((us * 100) / total).toFixed(1).padStart(5)} %  ${((us * nodes) / messages).toFixed(1).padStart(6)} µs  ${name}`;
console.log(
  `By samples of the clock, so on a busy machine what others took is in it. Of the busy time of one of ${nodes} nodes of ${values.target}; µs per message of the whole, were all nodes like it.`,
);
console.log(groups.map(line).join('\n'));
console.log(`\n${functions.slice(0, FUNCTIONS_SHOWN).map(line).join('\n')}`);
console.log(`\nThe profile: ${values.out}`);
process.exit(0);
