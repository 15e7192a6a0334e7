// Installs the packages when they are missing or older than the lock file. Plain JavaScript with no import from
// node_modules: it runs before the install, under whatever Node the machine has; all else runs under Node 24.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

if (process.argv.includes('--help')) {
  process.stdout.write(
    'Installs the packages as the lock files say, when that is not done yet. It takes no options.\n',
  );
  process.exit(0);
}

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}node_modules/.installed-lock`;
const runtimeClient = `${root}infra/lambda-runtime`;
const lock = createHash('sha256')
  .update(readFileSync(`${root}package-lock.json`))
  .update(readFileSync(`${runtimeClient}/package-lock.json`))
  .digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  process.stderr.write('Installing packages as the lock file says (once, about a minute) ...\n');
  // No package here needs its install script, so none runs.
  const install = spawnSync('npm', ['ci', '--ignore-scripts', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (install.status !== 0) {
    process.stderr.write('setup: `npm ci` failed. Check that the package registry can be reached, then try again.\n');
    process.exit(1);
  }
  process.stderr.write('Building the Lambda runtime client (once, about half a minute) ...\n');
  // A tree of its own: it is compiled by its install script, under the Node that came with the packages, and may fail.
  const built = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=silent'], {
    cwd: runtimeClient,
    stdio: 'ignore',
    env: { ...process.env, PATH: `${root}node_modules/.bin${delimiter}${process.env.PATH}` },
  });
  if (built.status !== 0) {
    process.stderr.write('It cannot be built here (cmake, g++, make and xz are needed): a stand-in runs functions.\n');
  }
  writeFileSync(stamp, lock);
}

// node_modules/.bin comes first on the PATH of every npm script: this is the Node that the scripts get.
const version = spawnSync('node', ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? 'none';
if (Number(/^v(\d+)\./.exec(version)?.[1] ?? 0) < 24) {
  process.stderr.write(
    `setup: Node 24 or newer is needed, found ${version}. On Linux (x64, arm64) it comes with the packages: was npm called with --omit=optional? ` +
      'Elsewhere install Node 24 and put it first on the PATH.\n',
  );
  process.exit(1);
}
