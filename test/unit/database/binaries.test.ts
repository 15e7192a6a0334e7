import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findBinaries, findPackage } from '../../../infra/database/binaries.ts';

const home = mkdtempSync(join(tmpdir(), 'hft-binaries-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

function versionOf(binaries: ReturnType<typeof findBinaries>): string {
  return spawnSync(binaries.postgres, ['--version'], { env: binaries.env, encoding: 'utf8' }).stdout;
}

test('PostgreSQL runs as it was installed, with links of ours to its libraries', () => {
  expect(versionOf(findBinaries(home, undefined))).toMatch(/^postgres \(PostgreSQL\) 18\./);
});

test('it runs from a copy where the user of the servers may not come to the packages', () => {
  // A temporary folder lets nobody else in, as the home of root does not.
  const locked = mkdtempSync(join(tmpdir(), 'hft-binaries-'));
  cpSync(findPackage(), join(locked, 'native'), { recursive: true });
  const binaries = findBinaries(home, { uid: 1, gid: 1 }, join(locked, 'native'));
  rmSync(locked, { recursive: true, force: true });
  expect(binaries.postgres).toBe(join(home, 'postgresql', 'bin', 'postgres'));
  expect(versionOf(binaries)).toMatch(/^postgres \(PostgreSQL\) 18\./);
});
