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
  ['a part together with a record', ['--read', 'test/fixtures/bench.json', '--only', 'handler'], /not with --only/],
])('%s is refused', (_, args, reason) => {
  const { status, stderr } = bench(...args);
  expect(status).not.toBe(0);
  expect(stderr).toMatch(reason);
});
