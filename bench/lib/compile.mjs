/** TypeScript of bench/ as CommonJS that Node runs, types apart (`npm run check` looks at those). */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { transformFileSync } from '@swc/core';

/** Inside node_modules, so that the packages are found from there. */
const OUTPUT = 'node_modules/.cache/beeline-bench';

/** Compiles all of bench/ that is TypeScript and returns where a file of it has gone. */
export function compile() {
  for (const file of readdirSync('bench', { recursive: true }).filter((name) => name.endsWith('.ts'))) {
    const { code } = transformFileSync(join('bench', file), {
      swcrc: false,
      sourceMaps: 'inline',
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
      },
      module: { type: 'commonjs' },
    });
    const output = join(OUTPUT, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(output, code);
  }
  writeFileSync(join(OUTPUT, 'package.json'), '{ "type": "commonjs" }\n');
  return (file) => resolve(OUTPUT, file.replace(/\.ts$/, '.js'));
}
