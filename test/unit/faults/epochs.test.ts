import { expect, test } from 'vitest';
import { between, fatesOfDeleted } from '../../../scripts/faults/epochs.ts';
import type { LoggedRecord, TopicLog } from '../../support/ledger/log.ts';

const record = (offset: number, timestampMs: number): LoggedRecord => ({
  ...{ offset, timestampMs, key: '1', valueHash: 'x', headers: {} },
});
const log = (...partitions: LoggedRecord[][]): TopicLog => ({ topic: 't', partitions });

test('what was stored before the topic was made again is of the old one, commits that went with it are none', () => {
  const all = {
    outputs: log([record(0, 10), record(1, 20)], [record(0, 30)]),
    deadLetters: log([], [record(0, 19)]),
    commitSamples: [
      { atMs: 12, partition: 0, offset: 1 },
      { atMs: 15, partition: 0, offset: -1 },
      { atMs: 21, partition: 0, offset: 1 },
    ],
  };
  expect(between(all, Number.NEGATIVE_INFINITY, 20)).toEqual({
    outputs: log([record(0, 10)], []),
    deadLetters: log([], [record(0, 19)]),
    commitSamples: [{ atMs: 12, partition: 0, offset: 1 }],
  });
  expect(between(all, 20, Number.POSITIVE_INFINITY)).toEqual({
    outputs: log([record(1, 20)], [record(0, 30)]),
    deadLetters: log([], []),
    commitSamples: [{ atMs: 21, partition: 0, offset: 1 }],
  });
});

test('of a topic that was deleted counts what was committed, and what something came of', () => {
  const commits = [
    { atMs: 1, partition: 0, offset: 2 },
    { atMs: 2, partition: 0, offset: 1 },
  ];
  const came = [{ partition: 0, offset: 3 }, undefined];
  const fateOf = fatesOfDeleted({ fateOf: () => 'output', reconcile: notAsked }, commits, came);
  const fates = [0, 1, 2, 3, 4].map((offset) => fateOf(record(offset, 1), 0));
  expect(fates).toEqual(['output', 'output', 'filtered', 'output', 'filtered']);
  expect(fateOf(record(0, 1), 1)).toBe('filtered');
});

function notAsked(): never {
  throw new Error('nobody asked for this');
}
