import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const left = new Set(['node_modules', '.git', 'dist', '.local', '.serverless']);
/** A copy of the repository, for the command to write into. */
const copy = mkdtempSync(join(tmpdir(), 'hft-new-'));

beforeAll(() => {
  for (const name of readdirSync(root).filter((one) => !left.has(one))) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

async function run(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  // As `npm run` would have it; the environment of this test runner is not the other's.
  const env = { PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`, NO_COLOR: '1', HOME: copy };
  return await new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: copy, env, encoding: 'utf8' }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}

test('called wrongly or dry, or with files that are not as expected, it writes nothing', async () => {
  const main = join(copy, 'functions/main.ts');
  const kept = readFileSync(main, 'utf8');

  expect(await run('scripts/new.ts', 'Bad', '--order', 'time')).toMatchObject({ code: 2, stdout: '' });
  const dry = await run('scripts/new.ts', 'trial-quotes', '--dry-run');
  expect(dry).toMatchObject({ code: 0, stderr: '' });
  expect(dry.stdout).toContain('export const trialQuotes: RecordFunction = {');
  writeFileSync(main, kept.replace('const functions =', 'const table ='));
  expect((await run('scripts/new.ts', 'trial-quotes')).stderr).toContain('functions/main.ts is not as expected');
  writeFileSync(main, kept);

  expect(existsSync(join(copy, 'functions/trial-quotes'))).toBe(false);
}, 60_000);

test('what it lays down passes the gate and its own tests at once, and is started by its name', async () => {
  const first = await run('scripts/new.ts', 'trial-quotes', '--park');
  expect(first.stderr).toBe('');
  const other = ['--source', 'trial.raw', '--output', 'analytics.results', '--order', 'partition', '--batch', '--json'];
  const second = JSON.parse((await run('scripts/new.ts', 'trials', ...other)).stdout);
  expect(second).toMatchObject({ written: true, function: { name: 'trials', order: 'partition' } });
  const again = await run('scripts/new.ts', 'trials');
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('there is a function trials already') });

  const planned = await run(
    '--input-type=module',
    '-e',
    "import('./infra/topics.ts').then(({ topics }) => console.log(JSON.stringify(topics)))",
  );
  expect(JSON.parse(planned.stdout)).toContainEqual(
    expect.objectContaining({
      ...{ name: 'market.raw.dlq.parked', partitions: 60 },
      configs: expect.objectContaining({ 'cleanup.policy': 'compact' }),
    }),
  );

  const gate = await run('scripts/check.ts');
  const steps = gate.stdout.match(/^(?:ok|FAILED) .*/gm) ?? [];
  // The last step is the bundle's budget, which is for the functions that ship, and here are two more.
  expect(steps.length).toBeGreaterThan(3);
  expect(steps.slice(0, -1).filter((line) => !line.startsWith('ok'))).toEqual([]);
  const own = ['test/unit/trial-quotes', 'test/unit/trials', 'test/unit/cluster/topics.test.ts'];
  const tests = await run(join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'unit', ...own);
  expect(tests.stdout.trim().split('\n').at(-1)).toMatch(/^1\d passed, 0 failed$/);
  expect((await run('dist/functions.mjs')).stderr).toMatch(/There are: processor, .*trial-quotes, trials\./);
}, 180_000);
