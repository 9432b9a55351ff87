import { BeelineError } from '../shared';
import { siteOf } from './address';

/** Who asks for a turn. */
export interface Asker {
  /** Where from, as `addressOf` gives it. */
  address: string;
  /** Whether it has shown before that it may come in: such a one goes ahead of strangers. */
  isKnown: boolean;
}

interface Job {
  start: () => void;
  refuse: () => void;
}

/** While both wait, strangers have one turn of so many: there is no crowd of known ones that keeps them out for good. */
const TURNS_PER_STRANGER = 4;

/**
 * Costly work, so much at once, for addresses in turn: however much one asks for, the next one waits for one turn of each
 * other. An IPv6 address takes its turn among those of its /48. Where too much waits, the address with the most waiting
 * loses its latest, a stranger before anybody known; and nobody waits for longer than `maxWaitMs`.
 */
export class FairQueue {
  private readonly known = new Lane();
  private readonly strangers = new Lane();
  private atWork = 0;
  private turns = 0;

  constructor(
    private readonly maxAtOnce: number,
    private readonly maxWaiting: number,
    private readonly maxWaitMs: number,
  ) {}

  /** Does the work when it is its turn; `unavailable` where it has lost its place. */
  async run<T>({ address, isKnown }: Asker, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((start, refuse) => {
      const lane = isKnown ? this.known : this.strangers;
      const timer = setTimeout(() => {
        if (lane.remove(address, job)) job.refuse();
      }, this.maxWaitMs);
      const job: Job = {
        start: () => {
          clearTimeout(timer);
          start();
        },
        refuse: () => {
          clearTimeout(timer);
          refuse(this.refusal());
        },
      };
      lane.add(address, job);
      this.startNext();
      this.shed();
    });
    try {
      return await work();
    } finally {
      this.atWork -= 1;
      this.startNext();
    }
  }

  private startNext(): void {
    while (this.atWork < this.maxAtOnce) {
      this.turns += 1;
      const isStrangers = this.turns % TURNS_PER_STRANGER === 0;
      const [first, second] = isStrangers ? [this.strangers, this.known] : [this.known, this.strangers];
      const job = first.next() ?? second.next();
      if (job === undefined) return;
      this.atWork += 1;
      job.start();
    }
  }

  private shed(): void {
    while (this.known.size + this.strangers.size > this.maxWaiting) {
      (this.strangers.dropOfBusiest() ?? this.known.dropOfBusiest())?.refuse();
    }
  }

  private refusal(): BeelineError {
    const extras = { retryAfterMs: this.maxWaitMs };
    return new BeelineError('unavailable', 'too many log in at this moment; try again later', extras);
  }
}

/** Jobs by site and address; whoever was served goes to the end of both lines. */
class Lane {
  private readonly sites = new Map<string, Map<string, Job[]>>();
  private readonly sizes = new Map<string, number>();
  size = 0;

  add(address: string, job: Job): void {
    const site = siteOf(address);
    const addresses = this.sites.get(site) ?? new Map<string, Job[]>();
    const jobs = addresses.get(address) ?? [];
    jobs.push(job);
    addresses.set(address, jobs);
    this.sites.set(site, addresses);
    this.count(site, 1);
  }

  next(): Job | undefined {
    for (const [site, addresses] of this.sites) {
      for (const [address, jobs] of addresses) {
        const job = jobs.shift();
        addresses.delete(address);
        if (jobs.length > 0) addresses.set(address, jobs);
        this.sites.delete(site);
        if (addresses.size > 0) this.sites.set(site, addresses);
        this.count(site, -1);
        return job;
      }
    }
    return undefined;
  }

  /** False where it does not wait here any more. */
  remove(address: string, job: Job): boolean {
    const site = siteOf(address);
    const addresses = this.sites.get(site);
    const jobs = addresses?.get(address) ?? [];
    const place = jobs.indexOf(job);
    if (addresses === undefined || place < 0) return false;
    jobs.splice(place, 1);
    this.tidy(site, addresses, address, jobs);
    this.count(site, -1);
    return true;
  }

  /** The latest job of the busiest address of the busiest site. Of equals the latest comer's goes. */
  dropOfBusiest(): Job | undefined {
    const site = busiest(this.sizes, (waiting) => waiting);
    if (site === undefined) return undefined;
    const addresses = this.sites.get(site) ?? new Map<string, Job[]>();
    const address = busiest(addresses, (jobs) => jobs.length) ?? '';
    const jobs = addresses.get(address) ?? [];
    const job = jobs.pop();
    this.tidy(site, addresses, address, jobs);
    this.count(site, -1);
    return job;
  }

  private tidy(site: string, addresses: Map<string, Job[]>, address: string, jobs: readonly Job[]): void {
    if (jobs.length === 0) addresses.delete(address);
    if (addresses.size === 0) this.sites.delete(site);
  }

  private count(site: string, change: number): void {
    this.size += change;
    const waiting = (this.sizes.get(site) ?? 0) + change;
    if (waiting === 0) this.sizes.delete(site);
    else this.sizes.set(site, waiting);
  }
}

function busiest<T>(of: ReadonlyMap<string, T>, sizeOf: (value: T) => number): string | undefined {
  let found: string | undefined;
  let most = 0;
  for (const [key, value] of of) {
    if (sizeOf(value) < most) continue;
    found = key;
    most = sizeOf(value);
  }
  return found;
}
