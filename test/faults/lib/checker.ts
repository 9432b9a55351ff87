import {
  answeredAt,
  byConnectionAndChannel,
  compare,
  copyOf,
  deviceKey,
  Facts,
  groupBy,
  offsetOf,
  placeOf,
  type Send,
  sendKey,
} from './facts';
import type { EventOf, History, Remains } from './history';

/**
 * Decides from a history alone whether the promises were kept. It knows the wire contract and nothing of the code.
 * Rules by number: 1 no acknowledged message is lost · 2 order, and no gap · 3 at most once per connection · 4 a
 * repeat only over a reconnect, and never of what was acked · 5 nobody sees another's message · 6 presence is true
 * again in time · 7 memory is back · 8 an unanswered send is there once or not at all · 9 no key stays for ever.
 */
export type Rule = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

export interface Violation {
  rule: Rule;
  what: string;
}

export interface Bounds {
  /** Presence must be true this long after the last fault. */
  presenceMs: number;
  /** What a node may hold more than before the faults. */
  memoryBytes: number;
}

/** Presence is not judged this close to a connect or an end: the look and the event may have crossed. */
const CROSSING_MS = 300;

export function check({ events }: Pick<History, 'events'>, remains: Remains, bounds: Bounds): Violation[] {
  const facts = new Facts(events, remains);
  return [
    ...lostFromInbox(facts),
    ...lostOnTheWay(facts),
    ...sendOrder(facts),
    ...unwaitedOrder(facts),
    ...deliveryOrder(facts),
    ...gaps(facts),
    ...twiceOnConnection(facts),
    ...repeats(facts),
    ...strangers(facts),
    ...endedForGood(facts),
    ...presence(facts, bounds.presenceMs),
    ...memory(facts, bounds.memoryBytes),
    ...storedTwice(facts),
    ...keptForEver(facts),
  ];
}

/** Rule 1: what was acknowledged is in the receiver's inbox, at its place; and the copy in the sender's. */
function lostFromInbox(facts: Facts): Violation[] {
  const violations: Violation[] = [];
  for (const send of facts.judged) {
    const answer = send.answers[0];
    if (answer === undefined) continue;
    const kept = facts.inInbox(send.to, 'chat', answer.id);
    if (kept?.offset !== answer.offset) {
      violations.push({ rule: 1, what: `acknowledged and not in the inbox: ${sendKey(send)}` });
    }
    if (send.copy && facts.inInbox(send.from, 'sent', answer.id) === undefined) {
      violations.push({ rule: 1, what: `acknowledged and its copy not in the sender's: ${sendKey(send)}` });
    }
  }
  return violations;
}

/** Rule 1: whatever an inbox holds has reached every device that is connected at the end. */
function lostOnTheWay(facts: Facts): Violation[] {
  const seen = new Set(facts.deliveries.map((seenBy) => `${deviceKey(seenBy)} ${placeOf(seenBy.message)}`));
  return facts.connectedAtEnd.flatMap((connection) =>
    facts.remains.inboxes
      .filter(({ user }) => user === connection.user)
      .flatMap(({ messages }) => messages)
      .filter((message) => !seen.has(`${deviceKey(connection)} ${placeOf(message)}`))
      .map((message) => ({
        rule: 1,
        what: `never reached ${deviceKey(connection)}: ${sendKey(message)} at ${message.offset}`,
      })),
  );
}

/** Rule 2: what was sent after another's acknowledgement comes after it in the inbox. */
function sendOrder(facts: Facts): Violation[] {
  const violations: Violation[] = [];
  const answered = facts.judged.filter(({ answers }) => answers.length > 0);
  for (const pair of groupBy(answered, ({ from, to }) => `${from} → ${to}`).values()) {
    const byAnswer = pair.toSorted((a, b) => answeredAt(a) - answeredAt(b));
    let greatest: Send | undefined;
    let next = 0;
    for (const send of pair.toSorted((a, b) => a.firstTriedAt - b.firstTriedAt)) {
      for (; next < byAnswer.length; next += 1) {
        const earlier = byAnswer[next] as Send;
        if (answeredAt(earlier) >= send.firstTriedAt) break;
        if (greatest === undefined || compare(offsetOf(earlier), offsetOf(greatest)) > 0) greatest = earlier;
      }
      if (greatest !== undefined && compare(offsetOf(send), offsetOf(greatest)) <= 0) {
        violations.push({ rule: 2, what: `${sendKey(send)} stored before ${greatest.clientId}` });
      }
    }
  }
  return violations;
}

/** Rule 2: what one connection sends to one receiver without waiting for answers is stored in the order sent. */
function unwaitedOrder(facts: Facts): Violation[] {
  const once = facts.judged.filter(
    ({ tries, answers, connection }) => connection !== undefined && tries === 1 && answers.length > 0,
  );
  return [...groupBy(once, ({ connection, to }) => `${connection} → ${to}`).values()].flatMap((sends) =>
    sends.slice(1).flatMap((send, i) => {
      const before = sends[i] as Send;
      return compare(offsetOf(send), offsetOf(before)) > 0
        ? []
        : [{ rule: 2 as const, what: `${sendKey(send)} overtook ${before.clientId} on one connection` }];
    }),
  );
}

/** Rule 2: on one connection, each inbox comes in offset order. */
function deliveryOrder(facts: Facts): Violation[] {
  return [...byConnectionAndChannel(facts).values()].flatMap((deliveries) =>
    deliveries.slice(1).flatMap((delivery, i) => {
      const before = deliveries[i] as EventOf<'delivered'>;
      return compare(delivery.message.offset, before.message.offset) < 0
        ? [
            {
              rule: 2 as const,
              what: `out of order on ${delivery.connection}: ${sendKey(delivery.message)}`,
            },
          ]
        : [];
    }),
  );
}

/**
 * Rule 2: between the first and the last message of a connection, none of those still kept is missing. A store that has
 * gone back gives offsets again that lie among those which a connection saw before that.
 */
function gaps(facts: Facts): Violation[] {
  return [...byConnectionAndChannel(facts).values()].flatMap((all) => {
    const deliveries = all.filter(({ at }) => at > facts.storeLostAt);
    if (deliveries.length === 0) return [];
    const { user, connection, message } = deliveries[0] as EventOf<'delivered'>;
    const offsets = deliveries.map((delivery) => delivery.message.offset).toSorted(compare);
    const [first, last] = [offsets[0] as string, offsets.at(-1) as string];
    const seen = new Set(offsets);
    return facts
      .inbox(user, message.channel)
      .filter(({ offset }) => compare(offset, first) > 0 && compare(offset, last) < 0 && !seen.has(offset))
      .map((missing) => ({ rule: 2, what: `a gap on ${connection}: ${sendKey(missing)}` }));
  });
}

/** Rule 3. */
function twiceOnConnection(facts: Facts): Violation[] {
  return [
    ...groupBy(facts.deliveries, (delivery) => `${delivery.connection} ${copyOf(delivery.message)}`),
  ].flatMap(([, deliveries]) =>
    deliveries.slice(1).map(({ connection, message }) => ({
      rule: 3,
      what: `twice on ${connection}: ${sendKey(message)}`,
    })),
  );
}

/** Rule 4. */
function repeats(facts: Facts): Violation[] {
  const connectedAt = new Map(facts.connected.map(({ connection, at }) => [connection, at]));
  const endedAt = new Map(facts.ended.map(({ connection, at }) => [connection, at]));
  const acksByDevice = groupBy(facts.of('acked'), deviceKey);
  const violations: Violation[] = [];
  for (const [, deliveries] of groupBy(facts.deliveries, (of) => `${deviceKey(of)} ${placeOf(of.message)}`)) {
    for (const [i, again] of deliveries.slice(1).entries()) {
      const before = deliveries[i] as EventOf<'delivered'>;
      if (again.connection === before.connection || again.at < facts.storeLostAt) continue;
      const reconnectedAt = connectedAt.get(again.connection) ?? Number.NEGATIVE_INFINITY;
      const what = `${sendKey(again.message)} at ${deviceKey(again)}`;
      if ((endedAt.get(before.connection) ?? Number.POSITIVE_INFINITY) > reconnectedAt) {
        violations.push({ rule: 4, what: `repeated without a reconnect: ${what}` });
      }
      const wasAcked = acksByDevice
        .get(deviceKey(again))
        ?.some(
          ({ channel, offset, at }) =>
            channel === again.message.channel &&
            at < reconnectedAt &&
            at > facts.storeLostAt &&
            compare(offset, again.message.offset) >= 0,
        );
      if (wasAcked) violations.push({ rule: 4, what: `repeated though acked: ${what}` });
    }
  }
  return violations;
}

/** Rule 5: a message is what its sender sent, and only its receiver (of a copy: its sender) sees it. */
function strangers(facts: Facts): Violation[] {
  const seen = facts.deliveries.map(({ user, message }) => ({ user, message }));
  const kept = facts.remains.inboxes.flatMap(({ user, messages }) =>
    messages.map((message) => ({ user, message })),
  );
  return [...seen, ...kept].flatMap(({ user, message }) => {
    const owner = message.channel === 'sent' ? message.from : message.to;
    if (owner !== user) return [{ rule: 5, what: `${user} sees ${sendKey(message)}` }];
    const sent = facts.sends.get(sendKey(message));
    return sent?.mark === message.mark ? [] : [{ rule: 5, what: `nobody sent this: ${sendKey(message)}` }];
  });
}

/** Rule 6: nobody's place is taken by an older connection; our clients never share a device. */
function endedForGood(facts: Facts): Violation[] {
  return facts.ended
    .filter(({ forGood }) => forGood)
    .map((end) => ({ rule: 6, what: `${deviceKey(end)} was told not to come back: ${end.reason}` }));
}

/** Rule 6: from some moment within the bound on, every look at every user is true. */
function presence(facts: Facts, boundMs: number): Violation[] {
  const lastFaultAt = Math.max(0, ...facts.of('fault').map(({ at }) => at));
  const looks = groupBy(
    facts.of('looked').filter(({ askedAt }) => askedAt > lastFaultAt),
    ({ user }) => user,
  );
  const users = new Set(facts.connected.map(({ user }) => user));
  return [...users].flatMap((user) => {
    const judged = (looks.get(user) ?? []).filter((look) => isStable(facts, look));
    const wrong = judged.filter((look) => look.devices !== devicesAt(facts, user, look.at));
    const lastWrongAt = Math.max(0, ...wrong.map(({ at }) => at));
    if (!judged.some(({ at }) => at > lastWrongAt)) {
      return [{ rule: 6, what: `presence of ${user} never seen true again` }];
    }
    return lastWrongAt > lastFaultAt + boundMs
      ? [{ rule: 6, what: `presence of ${user} wrong ${Math.round(lastWrongAt - lastFaultAt)} ms after` }]
      : [];
  });
}

function isStable({ connected, ended }: Facts, { user, askedAt, at }: EventOf<'looked'>): boolean {
  return ![...connected, ...ended].some(
    (event) => event.user === user && event.at > askedAt - CROSSING_MS && event.at < at + CROSSING_MS,
  );
}

function devicesAt({ connected, ended }: Facts, user: string, at: number): number {
  const over = new Set(ended.filter((end) => end.at <= at).map(({ connection }) => connection));
  const open = connected.filter((c) => c.user === user && c.at <= at && !over.has(c.connection));
  return new Set(open.map(({ device }) => device)).size;
}

/** Rule 7. */
function memory(facts: Facts, allowedBytes: number): Violation[] {
  return [...groupBy(facts.of('memory'), ({ node }) => node)].flatMap(([node, readings]) => {
    const before = readings.find(({ phase }) => phase === 'before');
    const after = readings.findLast(({ phase }) => phase === 'after');
    if (before === undefined || after === undefined) return [];
    const grown = after.bytes - before.bytes;
    return grown > allowedBytes ? [{ rule: 7, what: `${node} holds ${grown} bytes more than before` }] : [];
  });
}

/** Rule 8, for every send, answered or not; and all answers to one send are the same. */
function storedTwice(facts: Facts): Violation[] {
  const violations: Violation[] = [];
  const judged = new Set(facts.judged.map(sendKey));
  for (const { user, channel, messages } of facts.remains.inboxes) {
    for (const [key, copies] of groupBy(messages, sendKey)) {
      if (copies.length > 1 && judged.has(key))
        violations.push({ rule: 8, what: `stored twice in ${user}'s ${channel}: ${key}` });
    }
  }
  for (const send of facts.judged) {
    if (new Set(send.answers.map(({ id, offset }) => `${id} ${offset}`)).size > 1) {
      violations.push({ rule: 8, what: `answered differently: ${sendKey(send)}` });
    }
  }
  return violations;
}

/** Rule 9. */
function keptForEver({ remains }: Facts): Violation[] {
  return remains.keys
    .filter(({ ttlMs }) => ttlMs === -1)
    .map(({ key }) => ({ rule: 9, what: `nothing will expire ${key}` }));
}
