import { expect, test } from 'vitest';
import { judgeRedriven, type RedrivenRun } from '../../../scripts/faults/parked-evidence.ts';
import type { LoggedHeaders, LoggedRecord } from '../../support/ledger/log.ts';

const record = (offset: number, key: string, headers: LoggedHeaders = {}): LoggedRecord => ({
  ...{ offset, timestampMs: 100 + offset, key, valueHash: `hash of ${offset}`, headers },
});
/** Offset 1 died, 2 waited behind it; both were redriven, to 4 and 5; 6 is the transaction's marker. */
const again = (offset: number, first: number, after: number): LoggedRecord => {
  const headers = { 'redrive.count': '1', 'redrive.order': `f/${first}/${after}` };
  return { ...record(offset, 'a', headers), valueHash: `hash of ${first}` };
};
const source = [record(0, 'a'), record(1, 'a'), record(2, 'a'), record(3, 'b'), again(4, 1, -1), again(5, 2, 1)];
const output = (offset: number, of: number, key: string): LoggedRecord => ({
  ...{ offset, timestampMs: 200 + offset, key, valueHash: `output ${of}`, headers: { source: `in/0/${of}` } },
});
const outputs = [output(0, 0, 'a'), output(1, 3, 'b'), output(2, 4, 'a'), output(3, 5, 'a')];
const letter = (offset: number, of: number): LoggedRecord => {
  const died = source[of] as LoggedRecord;
  const error = {
    ...{ code: 'KEY_PARKED', message: 'waits', function: 'f', attempts: '1', topic: 'in', partition: '0' },
    ...{ offset: String(of), timestamp: String(died.timestampMs) },
  };
  const headers = Object.fromEntries(Object.entries(error).map(([name, value]) => [`error.${name}`, value]));
  return { ...died, offset, timestampMs: 200, headers: { ...died.headers, ...headers } };
};
const log = (topic: string, records: readonly LoggedRecord[]) => ({ topic, partitions: [records] });
const commits = [
  { atMs: 210, partition: 0, offset: 4 },
  { atMs: 220, partition: 0, offset: 7 },
];

function verdictOf(change: Partial<Record<'source' | 'outputs' | 'dead', readonly LoggedRecord[]>>, atMs = 220) {
  const run: RedrivenRun = {
    source: log('in', change.source ?? source),
    outputs: log('out', change.outputs ?? outputs),
    deadLetters: log('dlq', change.dead ?? [letter(0, 1), letter(1, 2)]),
    commitSamples: commits.map((one) => (one.offset === 7 ? { ...one, atMs } : one)),
  };
  const { lost, duplicates, reordered, commitsAhead, unaccounted, uncommitted, ...rest } = judgeRedriven(
    run,
    { fateOf: () => 'output' },
    'f',
  );
  return {
    ...{ lost: lost.total, doubled: duplicates.total, reordered: reordered.total, ahead: commitsAhead.total },
    ...{ unaccounted, uncommitted, wrong: rest.wrongBytes.total + rest.invented.total, inputs: rest.counts.inputs },
  };
}
const right = { lost: 0, doubled: 0, reordered: 0, ahead: 0, unaccounted: 0, uncommitted: 0, wrong: 0, inputs: 4 };

test('what died, waited and came back in order is one output each', () => {
  expect(verdictOf({})).toEqual(right);
});

test('what comes back out of order, twice or not at all is found, and what a record behind did not wait for', () => {
  const [first, second, third, fourth] = outputs as [LoggedRecord, LoggedRecord, LoggedRecord, LoggedRecord];
  const swapped = [first, second, { ...output(2, 5, 'a') }, output(3, 4, 'a')];
  expect(verdictOf({ outputs: swapped })).toMatchObject({ reordered: 1, lost: 0 });
  expect(verdictOf({ outputs: [...outputs, output(4, 5, 'a')] })).toEqual({ ...right, doubled: 1 });
  // Twice by two ways: from where it was written first, and from where it was redriven to.
  expect(verdictOf({ outputs: [...outputs, { ...output(4, 2, 'a'), valueHash: 'output 5' }] })).toMatchObject({
    doubled: 1,
  });
  expect(
    verdictOf({ outputs: [first, second, third], dead: [letter(0, 1), letter(1, 2), letter(2, 5)] }),
  ).toMatchObject({
    ...{ lost: 1, unaccounted: 1 },
  });
  expect(verdictOf({ outputs: [first, second, fourth] })).toMatchObject({ lost: 1, unaccounted: 2 });
  const overtaken = [first, output(1, 2, 'a'), output(2, 4, 'a'), output(3, 3, 'b')];
  expect(verdictOf({ outputs: overtaken, source: source.slice(0, 5), dead: [letter(0, 1)] })).toMatchObject({
    reordered: 1,
  });
});

test('commits count against what lies in the topic: an end before them, a marker behind', () => {
  expect(verdictOf({}, 195)).toMatchObject({ ahead: 1, uncommitted: 0 });
  expect(verdictOf({ dead: [letter(0, 1)] })).toMatchObject({ unaccounted: 1, lost: 0 });
});
