import { Injectable } from '@nestjs/common';
import { Config, SWEEPS_AHEAD } from '../config';

/**
 * How long an entry of presence counts unless a sweep renews it: one lost turn and a late one, as long as a turn of this
 * node's users really takes. With more users than can be swept in time that is longer than the interval.
 */
@Injectable()
export class EntryLife {
  private turnMs = (): number => 0;

  constructor(private readonly config: Config) {}

  /** Who knows how long it takes now until every user of this node has had a turn. Asked for each entry: many come at once. */
  measureBy(turnMs: () => number): void {
    this.turnMs = turnMs;
  }

  get aheadMs(): number {
    return Math.ceil(SWEEPS_AHEAD * Math.max(this.config.sweepIntervalMs, this.turnMs()));
  }
}
