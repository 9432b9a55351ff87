import { setTimeout as delay } from 'node:timers/promises';
import { Device } from './device';
import type { History } from './history';
import { Random } from '../../support/random';

export interface LoadOptions {
  users: number;
  /** Messages per second of each user. */
  rate: number;
  /** Share of the sends that ask for a copy in the sender's own inbox. */
  copies: number;
  padBytes: number;
}

export const USUAL_LOAD: LoadOptions = { users: 6, rate: 25, copies: 0.1, padBytes: 100 };

const RETRY_PAUSE_MS = 100;

interface Outstanding {
  since: number;
}

/**
 * Users with a phone and a laptop each, who write to one another from their phones. An unanswered send is tried
 * again with the same clientId until it is answered, as a good client does. Who writes to whom is the seed's.
 */
export class Load {
  private static runs = 0;
  /** Who writes and is written to. */
  readonly users: string[];
  /** These, and whoever else has been connected. */
  readonly everyone: Set<string>;
  readonly devices: Device[] = [];
  private readonly phones = new Map<string, Device>();
  private readonly outstanding = new Set<Outstanding>();
  private readonly timers: NodeJS.Timeout[] = [];
  private stopped = false;
  sent = 0;

  constructor(
    private readonly options: LoadOptions,
    private readonly port: number,
    private readonly history: History,
    private readonly random: Random,
  ) {
    // Nobody has a past: a store may be used by one run after another.
    const run = (Load.runs += 1);
    this.users = Array.from({ length: options.users }, (_, i) => `user-${i}.${run}`);
    this.everyone = new Set(this.users);
  }

  /** Everybody connects; laptops say in their handshake what they have stored, phones do not. */
  connect(): void {
    for (const [i, user] of this.users.entries()) {
      // The load balancer takes nodes in turn: so there are phones and laptops on every node.
      if (i % 2 === 1) this.connectDevice(user, 'laptop');
      this.phones.set(user, this.connectDevice(user, 'phone'));
      if (i % 2 === 0) this.connectDevice(user, 'laptop');
    }
  }

  /** Many who only listen, and come back as slowly as Socket.IO does by default. */
  connectCrowd(size: number): void {
    for (let i = 0; i < size; i += 1) this.connectDevice(`crowd-${i}`, 'phone', this.port, true);
  }

  user(index: number): string {
    const user = this.users[index];
    if (user === undefined) throw new Error(`there is no user ${index}`);
    return user;
  }

  /** Through the load balancer, or whatever else listens on `port`. */
  connectDevice(user: string, name: string, port = this.port, isPatient = false): Device {
    const device = new Device(user, name, port, this.history, {
      tellsSince: name === 'laptop',
      isPatient,
    });
    this.everyone.add(user);
    this.devices.push(device);
    return device;
  }

  /** The device goes and does not come back. */
  leave(device: Device): void {
    device.close();
    this.devices.splice(this.devices.indexOf(device), 1);
  }

  start(): void {
    for (const user of this.users) {
      const timer = setInterval(() => void this.write(user), 1000 / this.options.rate);
      this.timers.push(timer);
    }
  }

  /** No new messages; those not answered yet are still tried. */
  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  get isAllConnected(): boolean {
    return this.devices.every((device) => device.isSynced);
  }

  get isAllAnswered(): boolean {
    return this.outstanding.size === 0;
  }

  /** For how long the oldest unanswered send has been waiting. */
  get oldestWaitMs(): number {
    const oldest = Math.min(...[...this.outstanding].map(({ since }) => since));
    return Number.isFinite(oldest) ? this.history.now() - oldest : 0;
  }

  close(): void {
    this.stopped = true;
    this.stop();
    for (const device of this.devices) device.close();
  }

  /** Many messages from one user to another, so many at a time; resolves when all are answered. */
  async flood(from: string, to: string, count: number, atOnce: number, padBytes = 0): Promise<void> {
    let left = count;
    const one = async (): Promise<void> => {
      while (left-- > 0 && !this.stopped) await this.write(from, to, padBytes, false);
    };
    await Promise.all(Array.from({ length: atOnce }, one));
  }

  /** One message, until it is answered. */
  private async write(
    user: string,
    to = this.random.pick(this.users),
    padBytes = this.options.padBytes,
    copy = this.random.chance(this.options.copies),
  ): Promise<void> {
    const phone = this.phones.get(user);
    if (phone === undefined) return;
    const clientId = `${user}-${this.sent++}`;
    const body = { mark: `${clientId} for ${to}`, pad: 'x'.repeat(padBytes) };
    const waiting = { since: this.history.now() };
    this.outstanding.add(waiting);
    while (!this.stopped && !(phone.socket.connected && (await phone.send(to, clientId, body, copy)))) {
      await delay(RETRY_PAUSE_MS);
    }
    this.outstanding.delete(waiting);
  }
}
