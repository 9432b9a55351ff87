/** Whose code the self time of a profile is in. The first that fits. */
const GROUPS = [
  ['idle', ({ functionName }) => functionName === '(idle)'],
  /** Its session starts and ends in the profile. */
  ['the profiler', ({ functionName, url }) => functionName === 'dispatch' && url === ''],
  ['garbage collection', ({ functionName }) => functionName === '(garbage collector)'],
  ['Node, not in JavaScript', ({ functionName }) => functionName === '(program)'],
  [
    'system calls of sockets',
    ({ functionName, url }) => url === '' && /^(write|shutdown|readStart|readStop)/.test(functionName),
  ],
  ['sockets and streams of Node', ({ url }) => /^node:(net|stream|internal\/(stream|net))/.test(url)],
  [
    'ioredis',
    inPackage(
      'ioredis',
      '@ioredis',
      'redis-parser',
      'redis-errors',
      'denque',
      'cluster-key-slot',
      'standard-as-callback',
    ),
  ],
  ['ws', inPackage('ws')],
  [
    'Socket.IO and Engine.IO',
    inPackage(
      'socket.io',
      'socket.io-adapter',
      'socket.io-parser',
      'engine.io',
      'engine.io-parser',
      '@socket.io',
      'notepack.io',
      '@msgpack',
    ),
  ],
  ['class-validator', inPackage('class-validator', 'class-transformer', 'validator', 'libphonenumber-js')],
  ['Nest and RxJS', inPackage('@nestjs', 'rxjs', 'reflect-metadata')],
  ['Beeline', ({ url }) => url.includes('/dist/') && !url.includes('/node_modules/')],
  ['other packages', ({ url }) => url.includes('/node_modules/')],
  ['Node, in JavaScript', ({ url }) => url.startsWith('node:')],
  ['built-in functions', () => true],
];

function inPackage(...names) {
  return ({ url }) => names.some((name) => url.includes(`/node_modules/${name}/`));
}

/** Self time in µs, by group and by function; what is not the node's work left out. */
export function selfTimes({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const groups = new Map();
  const functions = new Map();
  const add = (map, key, us) => map.set(key, (map.get(key) ?? 0) + us);
  samples.forEach((id, i) => {
    const frame = byId.get(id);
    const [group] = GROUPS.find(([, fits]) => fits(frame));
    if (group === 'idle' || group === 'the profiler') return;
    add(groups, group, timeDeltas[i]);
    add(functions, `${frame.functionName || '(anonymous)'}  ${placeOf(frame)}  [${group}]`, timeDeltas[i]);
  });
  const sorted = (map) => [...map].toSorted(([, a], [, b]) => b - a);
  return { groups: sorted(groups), functions: sorted(functions) };
}

function placeOf({ url, lineNumber }) {
  if (url === '') return '';
  const short = url.replace(/^.*\/(node_modules|dist)\//, '');
  return `${short}:${lineNumber + 1}`;
}
