/**
 * Rounds in which every case is measured once, so that whatever else the machine does meanwhile falls on all of them
 * alike and ratios are taken between neighbours in time. The order turns from round to round.
 *
 * A case: `{ scenario, target, nodes, settings, measure }`; `measure` resolves with a sample of plain numbers.
 */
export async function playRounds(results, cases, rounds) {
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < cases.length; i += 1) {
      const { measure, ...key } = cases[(i + round) % cases.length];
      const row = results.row(key);
      if (row.samples.length > round) continue;
      const startedAt = performance.now();
      const sample = await measure();
      row.samples.push(sample);
      results.save();
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
      console.log(
        `${key.scenario}, round ${round + 1}: ${key.target}, nodes: ${key.nodes} (${seconds} s)  ${brief(sample)}`,
      );
    }
  }
}

function brief(sample) {
  return Object.entries(sample)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? Number(value.toPrecision(4)) : value}`)
    .join('  ');
}
