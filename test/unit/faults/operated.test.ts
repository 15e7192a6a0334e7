import { expect, test } from 'vitest';
import { fatesWithRemoved, type Operated, ofMembers, withRemoved } from '../../../scripts/faults/operated.ts';
import { judge } from '../../support/ledger/judge.ts';
import type { CommitSample, LoggedRecord, TopicLog } from '../../support/ledger/log.ts';

const record = (offset: number): LoggedRecord => ({
  ...{ offset, timestampMs: 10, key: '1', valueHash: `${offset}`, headers: {} },
});
const output = (source: number, offset: number): LoggedRecord => ({
  ...record(offset),
  headers: { source: `t/0/${source}` },
});
const log = (topic: string, ...records: LoggedRecord[]): TopicLog => ({ topic, partitions: [records] });

/** The group stood at 1 of 4 records when the second and the third were removed, and was sent far behind the end. */
const operated: Operated = {
  source: log('t', record(0), record(1), record(2), record(3)),
  removed: new Map([[0, { from: 1, to: 3 }]]),
  commits: [{ partition: 0, offset: 999, fromMs: 100, untilMs: 110 }],
};
const commits: CommitSample[] = [
  { atMs: 50, partition: 0, offset: 1 },
  { atMs: 105, partition: 0, offset: 999 },
  { atMs: 200, partition: 0, offset: 4 },
];
const writer = { fateOf: (): 'output' => 'output' };

function verdictOf(outputs: readonly LoggedRecord[], samples: readonly CommitSample[]) {
  return judge({
    source: withRemoved(operated, log('t', record(3))),
    outputs: log('o', ...outputs),
    commitSamples: ofMembers(operated, samples),
    expectations: { fateOf: fatesWithRemoved(operated, writer) },
  });
}

test("what an operator removed unread counts as removed, and his commits are no member's", () => {
  const verdict = verdictOf([output(0, 0), output(3, 1)], commits);
  expect(verdict).toMatchObject({ unaccounted: 0, uncommitted: 0, counts: { inputs: 4, filtered: 2 } });
  for (const kind of ['lost', 'commitsAhead', 'commitsBackwards', 'unexpectedOutput'] as const) {
    expect(verdict[kind].total, kind).toBe(0);
  }
});

test('one more is lost, an output of what was removed is not due, and a member that commits there is ahead', () => {
  expect(verdictOf([output(0, 0)], commits).lost.total).toBe(1);
  expect(verdictOf([output(0, 0), output(1, 1), output(3, 2)], commits).unexpectedOutput.total).toBe(1);
  expect(verdictOf([], [{ atMs: 300, partition: 0, offset: 999 }]).commitsAhead.total).toBe(1);
});
