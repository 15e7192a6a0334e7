import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { checkRoom } from '../../../scripts/bench/ground.ts';

test('more records than the disk has room for are refused, with what to do', () => {
  expect(() => checkRoom(1)).not.toThrow();
  expect(() => checkRoom(1e12)).toThrow(
    /^the brokers' data takes up to 12000000\.0 GB of .+, and \d+\.\d GB are free: give a smaller --backlog and --records/,
  );
  expect(() => checkRoom(1e12)).toThrow(tmpdir());
});
