/**
 * What has been measured: one row per scenario, target, number of nodes and run, with a sample per round. Kept after
 * every sample, so that a run that was stopped goes on where it was when it is started again.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { commit, machine, versions } from './machine.mjs';

export class Results {
  #file;
  #run;
  #rows;

  /** `run` names what belongs together: samples of the same round of one run are pairs. */
  constructor(file, run) {
    this.#file = file;
    this.#rows = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
    this.#run = run ?? `${new Date().toISOString().slice(0, 10)} ${commit()}`;
  }

  get rows() {
    return this.#rows;
  }

  get run() {
    return this.#run;
  }

  /** The row of this run, made where there is none. Other settings or other code than its own would make it a mixture. */
  row({ scenario, target, nodes, settings }) {
    const found = this.find({ scenario, target, nodes });
    if (found !== undefined) {
      const [its, ours] = [found, { settings, commit: commit() }].map((of) =>
        JSON.stringify([of.settings, of.commit]),
      );
      if (its === ours) return found;
      throw new Error(
        `run "${this.#run}" has ${scenario} of ${target} with ${its}, not ${ours}: give this one another name with --run`,
      );
    }
    const date = new Date().toISOString().slice(0, 10);
    const about = { commit: commit(), machine: machine(), versions: versions() };
    const row = { scenario, target, nodes, run: this.#run, date, ...about, settings, samples: [] };
    this.#rows.push(row);
    return row;
  }

  find({ scenario, target, nodes }) {
    return this.#rows.find(
      (row) =>
        row.run === this.#run && row.scenario === scenario && row.target === target && row.nodes === nodes,
    );
  }

  save() {
    writeFileSync(this.#file, `${JSON.stringify(this.#rows, (_key, value) => rounded(value), 2)}\n`);
  }
}

/** Five digits say all that such a figure knows. */
function rounded(value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}
