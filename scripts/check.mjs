/** `npm run check`: the one gate, under a minute. The hook and CI run the same. */
import { CHECK_STEPS, runSideBySide } from './lib/steps.mjs';

const UNIT_TESTS = { name: 'unit tests', command: ['jest', '--selectProjects', 'unit', '--silent'] };

const results = await runSideBySide([...CHECK_STEPS, UNIT_TESTS]);
process.exit(results.every(Boolean) ? 0 : 1);
