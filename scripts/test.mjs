/** `npm test`: sets up what is missing, then everything that must pass: the check, the build, every test. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import {
  ensureChromium,
  ensureKubectl,
  ensurePackages,
  ensureProgram,
  ensurePythonModules,
  requireNode,
} from './lib/setup.mjs';
import { CHECK_STEPS, runSideBySide, runStep } from './lib/steps.mjs';

requireNode();
ensurePackages();
ensureProgram('redis-server', 'redis-server');
ensureProgram('haproxy', 'haproxy');
ensureProgram('promtool', 'prometheus');
ensurePythonModules(['socketio', 'websocket'], ['python3-socketio', 'python3-websocket']);
process.env.CHROMIUM_PATH = ensureChromium();
process.env.KUBECTL = ensureKubectl();

/** Specs of a run. */
const MAX_UNSTEADY = 8;
const reports = mkdtempSync(join(tmpdir(), 'beeline-test-'));
const steps = [...CHECK_STEPS, { name: 'build', command: ['nest', 'build'] }];
const results = (await runSideBySide(steps)).map((hasPassed) => ({ passed: hasPassed ? 1 : 0 }));
const PROJECTS = ['--selectProjects', 'unit', 'k8s', 'system', 'cluster'];
results.push(await onceMoreAlone(await runTests('tests', ['--maxWorkers', '2', ...PROJECTS]), PROJECTS));
// By themselves: what is killed and frozen there is measured against time limits.
const FAULTS = ['--selectProjects', 'faults', 'rollout'];
results.push(await onceMoreAlone(await runTests('faults', ['--runInBand', ...FAULTS]), FAULTS));

const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + (result.failed ?? 1 - result.passed), 0);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

async function runTests(name, args) {
  const report = join(reports, `${name}.json`);
  const passedAll = await runStep({ name, command: ['jest', '--json', `--outputFile=${report}`, ...args] });
  const counts = countTests(report);
  return { ...counts, failed: Math.max(counts.failed, passedAll ? 0 : 1) };
}

/**
 * The specs that failed beside others, each once more by itself: one that a busy machine made late passes then. It is
 * named all the same, for such a test is to be mended. More than a few are no accident.
 */
async function onceMoreAlone({ passed, failed, failedFiles }, projects) {
  if (failed === 0 || failedFiles.length === 0 || failedFiles.length > MAX_UNSTEADY)
    return { passed, failed };
  console.log(`\nOnce more, by themselves: ${failedFiles.join(', ')}`);
  const again = await runTests('once more', ['--runInBand', ...failedFiles, ...projects]);
  if (again.failed > 0) return { passed, failed };
  console.log(`UNSTEADY: passed only by themselves, and are to be mended: ${failedFiles.join(', ')}`);
  return { passed: passed + failed, failed: 0 };
}

/** Tests by Jest's own report; a suite that did not run at all counts as one failure. */
function countTests(file) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    const failedSuites = report.testResults.filter(({ status }) => status === 'failed');
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
      failedFiles: [...new Set(failedSuites.map(({ name }) => relative('', name)))],
    };
  } catch {
    return { passed: 0, failed: 1, failedFiles: [] };
  }
}
