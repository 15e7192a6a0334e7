import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

function bench(...args: string[]): ReturnType<typeof spawnSync> {
  return spawnSync(process.execPath, ['scripts/bench.ts', ...args], { encoding: 'utf8' });
}

test('the record that is in the tree is shown and drawn, and nothing is measured', () => {
  const dir = mkdtempSync(join(tmpdir(), 'hft-bench-read-'));
  try {
    const drawn = join(dir, 'bench.svg');
    const { stdout, stderr, status } = bench('--read', 'test/fixtures/bench.json', '--draw', drawn);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const part of ['Handler alone', 'Container', 'Instances, warm', 'Compression', 'Latency at', 'Aims'])
      expect(stdout).toContain(part);
    expect(readFileSync(drawn, 'utf8')).toContain('LZ4'.toLowerCase());
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test.each([
  ['a file that is not there', ['--read', 'nothing.json'], /--read takes a file that --out wrote: nothing\.json/],
  [
    'a record of another form',
    ['--read', 'test/fixtures/bad-days.json'],
    /of form 2: test\/fixtures\/bad-days\.json is of none/,
  ],
  ['a record in no folder', ['--only', 'handler', '--out', 'nowhere/bench.json'], /there is no folder nowhere/],
  [
    'a search for half load that is too short',
    ['--only', 'latency', '--warm-up', '20'],
    /it takes 60 s at least, not 20/,
  ],
  ['a part together with a record', ['--read', 'test/fixtures/bench.json', '--only', 'handler'], /not with --only/],
])('%s is refused', (_, args, reason) => {
  const { status, stderr } = bench(...args);
  expect(status).toBe(2);
  expect(stderr).toMatch(reason);
});
