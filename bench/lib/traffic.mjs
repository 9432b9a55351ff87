/** Pairs of a sender and a receiver, and messages through them. Every one is checked to arrive once. */
import { percentile } from './statistics.mjs';
import { sleep, waitUntil } from './time.mjs';
import { RawClient } from './raw-client.mjs';

/**
 * As many for each node, so that each has work waiting, however many there are. At saturation every sender has one
 * message under way, as people have: several would share reads and writes of one socket, which they never do in life,
 * and which makes whatever answers at once look several times as cheap.
 */
const PAIRS_PER_NODE = 24;
const PAIRS_AT_LEAST = 96;
const ACK_EVERY_MS = 200;
/**
 * Cold code costs several times as much; from here on a node's cost per message no longer falls. On one node the
 * compiler, which works beside it, takes longer than so few messages do.
 */
const WARM_UP_PER_NODE = 6_000;
const WARM_UP_AT_LEAST = 40_000;
const BODY = { text: 'a message of some length' };

export class Traffic {
  #pairs = [];
  /** By the number of a message: when it was meant to be sent, and whether it has arrived. */
  #meantAt = [];
  #latencyMs = [];
  #next = 0;
  #arrived = 0;
  #acks = [];

  /** The receiver of each pair is on another node than its sender (`across`), each of them in turn, or on the same. */
  static async open(cluster, { across = true } = {}) {
    const traffic = new Traffic();
    const { nodes } = cluster;
    const pairs = Math.max(PAIRS_AT_LEAST, PAIRS_PER_NODE * nodes.length);
    const others = nodes.length - 1;
    for (let i = 0; i < pairs; i += 1) {
      const home = i % nodes.length;
      const steps = across && others > 0 ? 1 + (Math.floor(i / nodes.length) % others) : 0;
      const sender = await RawClient.connect(nodes[home].port, cluster.authOf(`sender-${i}`));
      const { port } = nodes[(home + steps) % nodes.length];
      await traffic.#addPair(cluster, sender, `receiver-${i}`, port);
    }
    return traffic;
  }

  async #addPair(cluster, sender, to, port) {
    let latest;
    const ack = () => {
      if (latest === undefined) return;
      const offset = latest;
      latest = undefined;
      receiver.request('inbox:ack', { channel: 'chat', offset }).then(demandOk, fail);
    };
    const receiver = await RawClient.connect(port, cluster.authOf(to), (event, message) => {
      if (event !== 'message') return;
      this.#arrive(message);
      latest = message.offset;
      if (cluster.acksEach) ack();
    });
    if (cluster.isBeeline && !cluster.acksEach) this.#acks.push(setInterval(ack, ACK_EVERY_MS));
    this.#pairs.push({ sender, receiver, to });
  }

  #arrive({ id, clientId = id }) {
    const number = Number(clientId.slice(2));
    if (this.#latencyMs[number] !== undefined) throw new Error(`message ${number} came twice`);
    this.#latencyMs[number] = performance.now() - this.#meantAt[number];
    this.#arrived += 1;
  }

  async #send({ sender, to }, meantAt) {
    const number = this.#next++;
    this.#meantAt[number] = meantAt;
    demandOk(await sender.request('message:send', { to, body: BODY, clientId: `m-${number}` }));
  }

  /** At saturation, until every node is warm; where little is to be measured, as much as is. */
  warmUp(nodes, measured) {
    const isLittle = measured < WARM_UP_PER_NODE;
    return this.saturate(isLittle ? nodes * measured : Math.max(WARM_UP_AT_LEAST, nodes * WARM_UP_PER_NODE));
  }

  /** As fast as they go: each sender sends when the message before has been answered. Resolves when all have arrived. */
  async saturate(count) {
    const until = this.#next + count;
    const lane = async (pair) => {
      while (this.#next < until) await this.#send(pair, performance.now());
    };
    await Promise.all(this.#pairs.map(lane));
    await this.#allArrived();
  }

  /**
   * An open loop: messages are meant for fixed times and do not wait for each other, so that a stall shows in all
   * that were meant to be sent while it lasted. With `exact` the driver keeps a core busy to send on time.
   */
  async sendAtRate(count, perSecond, { exact = false } = {}) {
    const first = this.#next;
    const startAt = performance.now() + 10;
    const lateMs = [];
    const sends = [];
    const pause = exact ? () => new Promise(setImmediate) : () => sleep(1);
    for (let i = 0; i < count; await pause()) {
      for (const now = performance.now(); i < count && startAt + (i * 1000) / perSecond <= now; i += 1) {
        const meantAt = startAt + (i * 1000) / perSecond;
        lateMs.push(now - meantAt);
        sends.push(this.#send(this.#pairs[i % this.#pairs.length], meantAt));
      }
    }
    await Promise.all(sends);
    await this.#allArrived();
    const latencies = this.#latencyMs.slice(first);
    return {
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
      p999Ms: percentile(latencies, 0.999),
      maxMs: percentile(latencies, 1),
      driverLateP99Ms: percentile(lateMs, 0.99),
    };
  }

  async #allArrived() {
    await waitUntil('all messages have arrived', () => this.#arrived === this.#next).catch((error) => {
      throw new Error(`${this.#next - this.#arrived} of ${this.#next} messages are missing`, {
        cause: error,
      });
    });
  }

  close() {
    for (const timer of this.#acks) clearInterval(timer);
    for (const { sender, receiver } of this.#pairs) {
      sender.close();
      receiver.close();
    }
  }
}

function demandOk(answer) {
  if (!answer.ok) throw new Error(`refused: ${JSON.stringify(answer)}`);
}

function fail(error) {
  throw error;
}
