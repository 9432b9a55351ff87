import { setTimeout as delay } from 'node:timers/promises';
import { Device } from '../faults/lib/device';
import type { History } from '../faults/lib/history';
import type { Random } from '../support/random';

const RETRY_PAUSE_MS = 200;
/** For as long a client tries before it tells its user that the message was not sent. */
const PATIENCE_MS = 20_000;

/** Users with one device each, stock clients with stock reconnection, who write to one another. */
export class Crowd {
  readonly users: string[];
  readonly devices: Device[];
  /** When a connection could not be made, with what the client was told. */
  readonly connectErrors: { at: number; message: string }[] = [];
  /** When a message was given up. */
  readonly failedAt: number[] = [];
  private readonly timers: NodeJS.Timeout[] = [];
  private outstanding = 0;
  private written = 0;

  constructor(
    size: number,
    port: number,
    private readonly history: History,
    private readonly random: Random,
  ) {
    this.users = Array.from({ length: size }, (_, i) => `user-${i}`);
    this.devices = this.users.map(
      (user, i) => new Device(user, 'phone', port, history, { isPatient: true, tellsSince: i % 2 === 0 }),
    );
    for (const { socket } of this.devices) {
      socket.on('connect_error', ({ message }) => this.connectErrors.push({ at: history.now(), message }));
    }
  }

  /** Everybody writes to somebody, once in that time on average. */
  chat(everyMs: number): void {
    for (const device of this.devices) {
      const timer = setInterval(() => void this.write(device), everyMs * (0.7 + 0.6 * this.random.next()));
      this.timers.push(timer);
    }
  }

  get isConnected(): boolean {
    return this.devices.every((device) => device.isSynced);
  }

  get isAnswered(): boolean {
    return this.outstanding === 0;
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  close(): void {
    this.stop();
    for (const device of this.devices) device.close();
  }

  /** Until it is answered, always with the same clientId: what a good client does. */
  private async write(device: Device): Promise<void> {
    const to = this.random.pick(this.users);
    const clientId = `${device.user}-${this.written++}`;
    const body = { mark: `${clientId} for ${to}`, pad: 'x'.repeat(100) };
    const givesUpAt = this.history.now() + PATIENCE_MS;
    this.outstanding += 1;
    while (!(device.socket.connected && (await device.send(to, clientId, body, false)))) {
      if (this.history.now() > givesUpAt) {
        this.failedAt.push(givesUpAt);
        break;
      }
      await delay(RETRY_PAUSE_MS);
    }
    this.outstanding -= 1;
  }
}
