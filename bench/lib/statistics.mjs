export function percentile(numbers, part) {
  const sorted = Float64Array.from(numbers).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

export function median(numbers) {
  const sorted = Float64Array.from(numbers).sort();
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** `numbers` as their median, with the lowest and the highest. */
export function summary(numbers) {
  return {
    median: median(numbers),
    lowest: Math.min(...numbers),
    highest: Math.max(...numbers),
    count: numbers.length,
  };
}
