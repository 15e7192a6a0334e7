import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tables } from '../../../scripts/bench/report.ts';

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
    for (const part of ['lz4', 'Storage, CPU', 'Analytics, database time'])
      expect(readFileSync(drawn, 'utf8')).toContain(part);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('what was done before or long after a record was begun is told, with when', () => {
  const conditions = { form: 2, at: '2026-01-02T10:00:00.000Z', machine: '', node: '', bundle: 'b' };
  const measured = {
    handler: { at: '2026-01-02T11:59:00.000Z', bundle: 'b' },
    latency: { at: '2026-01-02T12:01:00.000Z', bundle: 'b' },
    instances: { at: '2026-01-02T09:59:00.000Z', bundle: 'b' },
    storage: { at: '2026-01-02T10:01:00.000Z', bundle: 'older' },
  };
  const told = tables({ conditions, measured })
    .split('\n')
    .filter((line) => line.includes(': done '));
  expect(told.map((line) => line.trim().split(':')[0])).toEqual(['latency', 'instances', 'storage']);
});

test.each([
  ['a file that is not there', ['--read', 'nothing.json'], /nothing\.json is no file that --out wrote/],
  [
    'a record of another form',
    ['--read', 'test/fixtures/bad-days.json'],
    /bad-days\.json is no file that --out wrote, of form 2, but of none/,
  ],
  ['to go on with nothing', ['--resume'], /--resume goes on with the file of --out/],
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

test('a record of another bundle is not gone on with, and stays as it is', () => {
  const dir = mkdtempSync(join(tmpdir(), 'hft-bench-resume-'));
  try {
    const path = join(dir, 'bench.json');
    writeFileSync(path, '{"conditions":{"form":2,"bundle":"another"}}');
    const { status, stderr } = bench('--resume', '--out', path, '--only', 'handler');
    expect(stderr).toMatch(/is of bundle another, this would be of/);
    expect(status).toBe(2);
    expect(readFileSync(path, 'utf8')).toBe('{"conditions":{"form":2,"bundle":"another"}}');
  } finally {
    rmSync(dir, { recursive: true });
  }
});
