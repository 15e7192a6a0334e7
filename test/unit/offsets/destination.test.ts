import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseDestination } from '../../../scripts/offsets/destination.ts';
import { parsePartitions } from '../../../scripts/offsets/options.ts';
import { momentOption } from '../../../scripts/support/moment.ts';

test('words, shifts and times', () => {
  expect(parseDestination('latest')).toEqual({ kind: 'latest' });
  expect(parseDestination('earliest')).toEqual({ kind: 'earliest' });
  expect(parseDestination('+100')).toEqual({ kind: 'shift', by: 100 });
  expect(parseDestination('-7')).toEqual({ kind: 'shift', by: -7 });
  const nineFifteen = { kind: 'time', atMs: Date.UTC(2026, 10, 23, 3, 45) };
  expect(parseDestination('2026-11-23T09:15+05:30')).toEqual(nineFifteen);
  expect(parseDestination('2026-11-23T09:15:00.000+0530')).toEqual(nineFifteen);
  expect(parseDestination('2026-11-23T03:45Z')).toEqual(nineFifteen);
});

test('a time without a zone, or that does not exist, is refused', () => {
  expect(() => momentOption('to', '2026-11-23T09:15')).toThrow(
    "--to '2026-11-23T09:15' has no zone: write 2026-11-23T09:15+05:30 for India, or 2026-11-23T09:15Z for UTC",
  );
  expect(() => momentOption('to', '2026-02-30T09:15Z')).toThrow('does not exist');
  expect(() => momentOption('to', '2026-11-23T25:15Z')).toThrow('does not exist');
  expect(() => momentOption('to', '2026-11-23')).toThrow('takes a time such as');
  expect(momentOption('to', '2024-02-29T23:59+05:30')).toBe(Date.UTC(2024, 1, 29, 18, 29));
});

test('a file must be there, with or without its prefix', () => {
  const dir = mkdtempSync(join(tmpdir(), 'hft-offsets-'));
  const path = join(dir, 'a.csv');
  writeFileSync(path, '');
  expect(parseDestination(path)).toEqual({ kind: 'file', path });
  expect(parseDestination(`file:${path}`)).toEqual({ kind: 'file', path });
  rmSync(dir, { recursive: true });
  expect(() => parseDestination(path)).toThrow('there is no such file');
});

test.each(['', 'soon', '+0', '+1.5', '++1', '-', '+99999999999999999999'])('%j is refused', (text) => {
  expect(() => parseDestination(text)).toThrow(/--to/);
});

test('partitions as numbers and ranges', () => {
  expect(parsePartitions('3,0-2, 12,1')).toEqual([0, 1, 2, 3, 12]);
  for (const text of ['', 'x', '3-1', '1,,2', '-1', '0-9999999', '1-'])
    expect(() => parsePartitions(text)).toThrow(text);
});
