import { expect, test } from 'vitest';
import { createLateRecords } from '../../../functions/hosts/container/late.ts';
import { createMetrics } from '../../../functions/runtime/metrics.ts';
import { createRecordingLogger } from '../../support/fakes.ts';

test('late records are counted, and told once each time that partitions are given up', () => {
  const metrics = createMetrics();
  const log = createRecordingLogger();
  const late = createLateRecords(metrics, log);
  expect(late.left(3)).toBe(3);
  expect([metrics.recordsLate, log.lines.length]).toEqual([3, 0]);
  late.stored();
  late.stored();
  expect([metrics.recordsLate, log.lines.length]).toEqual([5, 1]);
  expect(late.left(0)).toBe(0);
  late.stored();
  expect(metrics.recordsLate).toBe(6);
  expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual(
    Array(2).fill('warn Stored after its partition was lost: done again elsewhere'),
  );
});
