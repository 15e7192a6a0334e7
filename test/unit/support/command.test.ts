import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

test('a command that takes options only refuses other words, and does nothing', () => {
  const args = ['scripts/fuzz.ts', '--for', '0s', 'twice'];
  expect(
    spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', timeout: 20_000, killSignal: 'SIGKILL' }),
  ).toMatchObject({
    ...{ status: 2, stdout: '' },
    stderr: "fuzz: there is nothing to do with 'twice'. See: npm run fuzz -- --help\n",
  });
});

test('an option that is not there is named, in one sentence', () => {
  const args = ['scripts/fuzz.ts', '--bogus'];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', timeout: 20_000 });
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: "fuzz: Unknown option '--bogus'. See: npm run fuzz -- --help\n",
  });
});

test('help shows a call with no options as it is typed', () => {
  const args = ['scripts/image.ts', '--help'];
  const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', timeout: 20_000 });
  expect(stdout).toContain('\n  npm run image\n  npm run image -- --engine');
});

test('setup takes --help as well, and installs nothing then', () => {
  const { status, stdout } = spawnSync(process.execPath, ['scripts/setup.mjs', '--help'], {
    ...{ cwd: root, encoding: 'utf8', timeout: 20_000 },
  });
  expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Installs the packages/) });
});
