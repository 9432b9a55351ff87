import type { Addressed } from './beeline-node';

/** What a node says at `/metrics`: each series, with its labels as they are printed, and its value. */
export type Scrape = Record<string, number>;

export async function scrape(node: Addressed): Promise<Scrape> {
  return parseScrape(await (await fetch(`${node.url}/metrics`)).text());
}

export function parseScrape(text: string): Scrape {
  return Object.fromEntries(
    [...text.matchAll(/^([a-z_]+(?:\{[^}]*\})?) (\S+)$/gm)].map(([, series = '', value]) => [
      series,
      Number(value),
    ]),
  );
}
