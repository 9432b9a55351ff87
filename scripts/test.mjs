/** `npm test`: sets up what is missing, then everything that must pass: the check, the build, every test. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ensureChromium,
  ensurePackages,
  ensureProgram,
  ensurePythonModules,
  requireNode,
} from './lib/setup.mjs';
import { CHECK_STEPS, runStep } from './lib/steps.mjs';

requireNode();
ensurePackages();
ensureProgram('redis-server', 'redis-server');
ensurePythonModules(['socketio', 'websocket'], ['python3-socketio', 'python3-websocket']);
process.env.CHROMIUM_PATH = ensureChromium();

const reportFile = join(mkdtempSync(join(tmpdir(), 'beeline-test-')), 'jest.json');
const steps = [...CHECK_STEPS, { name: 'build', command: ['nest', 'build'] }];
const results = steps.map(runStep);
const testsPassed = runStep({ name: 'tests', command: ['jest', '--json', `--outputFile=${reportFile}`] });
const tests = countTests(reportFile);

const passed = results.filter(Boolean).length + tests.passed;
const failed = results.filter((result) => !result).length + Math.max(tests.failed, testsPassed ? 0 : 1);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** Tests by Jest's own report; a suite that did not run at all counts as one failure. */
function countTests(file) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    };
  } catch {
    return { passed: 0, failed: 1 };
  }
}
