import { expect, test } from 'vitest';
import { createPrimaryLog, positionOf } from '../../../functions/database/lsn.ts';

test('places in the log are compared as numbers, not as text', () => {
  expect(positionOf('A/0') > positionOf('9/FFFFFFFF')).toBe(true);
  expect(positionOf('10/0') > positionOf('9/0')).toBe(true);
  expect(positionOf('0/B374D848')).toBe(0xb374d848n);
  expect(() => positionOf('nonsense')).toThrow(TypeError);
});

test('a replica is as old as the newest look whose place it has replayed', () => {
  const log = createPrimaryLog();
  expect(log.lagOf('0/10', 1_000)).toBe(Number.POSITIVE_INFINITY);
  log.saw('0/10', 1_000);
  log.saw('0/20', 2_000);
  log.saw('0/20', 3_000); // nobody wrote
  expect(log.lagOf('0/F', 3_500)).toBe(Number.POSITIVE_INFINITY);
  expect(log.lagOf('0/10', 3_500)).toBe(2_500);
  expect(log.lagOf('0/1F', 3_500)).toBe(2_500);
  expect(log.lagOf('0/20', 3_500)).toBe(500);
  expect(log.lagOf('0/30', 3_500)).toBe(500);
});
