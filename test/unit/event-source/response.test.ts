import { describe, expect, test } from 'vitest';
import type { QueuedRecord } from '../../../scripts/event-source/payload.ts';
import { remainingAfter } from '../../../scripts/event-source/response.ts';

const record = (partition: number, offset: number): QueuedRecord => ({
  record: { topic: 't', partition, offset, timestamp: 0, timestampType: 'CREATE_TIME', headers: [] },
  bytes: 1,
});
const batch = [record(0, 5), record(0, 6), record(0, 9), record(1, 5), record(1, 6)];
const failure = (partition: string, offset: unknown) => ({ itemIdentifier: { partition, offset } });
const left = (payload: string): string[] =>
  remainingAfter(payload, batch).map((one) => `${one.record.partition}/${one.record.offset}`);
const all = ['0/5', '0/6', '0/9', '1/5', '1/6'];

describe('an answer leaves', () => {
  test.each<[what: string, answer: unknown, remaining: string[]]>([
    ['nothing, when it is null', null, []],
    ['nothing, when it is empty text', '', []],
    ['nothing, when it is an empty object', {}, []],
    ['nothing, when its list is null', { batchItemFailures: null }, []],
    ['nothing, when its list is empty', { batchItemFailures: [] }, []],
    ['what follows the failure in its partition', { batchItemFailures: [failure('t-0', 6)] }, ['0/6', '0/9']],
    ['what follows the lowest', { batchItemFailures: [failure('t-0', 9), failure('t-0', 5)] }, ['0/5', '0/6', '0/9']],
    ['each partition its own', { batchItemFailures: [failure('t-0', 9), failure('t-1', 6)] }, ['0/9', '1/6']],
    ['all, for an unknown partition', { batchItemFailures: [failure('t-7', 5)] }, all],
    ['all, for an unknown offset', { batchItemFailures: [failure('t-0', 7)] }, all],
    ['all, for an offset that is no number', { batchItemFailures: [failure('t-0', '5')] }, all],
    ['all, for an item without identifier', { batchItemFailures: [{}] }, all],
    ['all, for items that are none', { batchItemFailures: [null] }, all],
    ['all, for a list that is none', { batchItemFailures: 'x' }, all],
  ])('%s', (_what, answer, remaining) => {
    expect(left(JSON.stringify(answer))).toEqual(remaining);
  });

  test('all, when it is no JSON', () => {
    expect(left('{"batchItem')).toEqual(all);
  });
});
