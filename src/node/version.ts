import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** As far from `dist/node` as it is from `src/node`. */
const MANIFEST = join(__dirname, '../../package.json');

/** Which release this process runs; read once. */
export const VERSION = (JSON.parse(readFileSync(MANIFEST, 'utf8')) as { version: string }).version;
