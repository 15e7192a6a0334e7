import { expect, test, vi } from 'vitest';
import { DependencyDownError } from '../../../functions/runtime/errors.ts';
import { orderHeader, turnOf } from '../../../functions/runtime/parking.ts';
import {
  createPartitionState,
  type ParkedTopic,
  requester,
  stateKey,
} from '../../../functions/runtime/parking-state.ts';
import { createRecord } from '../../../functions/runtime/testing.ts';

const poison = { at: 3, code: 'CONTRACT_VIOLATED', message: 'no' };
const parked = { handled: 2, last: 5, released: false, poison };

/** What is stored of the keys of `in` that function `f` parks. */
function stateOf(stored: { owner: string; key: string; value: string }[]) {
  const topic: ParkedTopic = {
    publisher: {
      ...{ topic: 'in.dlq.parked', partitionCount: 1, maxRecordBytes: 1e6, full: false, degraded: false },
      ...{ publish: () => undefined, cancel: () => undefined },
    },
    read: async (_partition, from, onRecord) => {
      for (const { owner, key, value } of stored.slice(from)) {
        onRecord(stateKey('in', 'f', owner, key), Buffer.from(value));
      }
      return stored.length;
    },
  };
  return createPartitionState(topic, createRecord({ topic: 'in', partition: 0, offset: 0, key: 'a' }), 'f');
}

test.each([
  ['no JSON', '{"handled":'],
  ['no note', 'null'],
])('a value that is %s forgets no key: nothing goes on until it is mended', async (_what, value) => {
  const stored = [
    { owner: 'one', key: 'a', value: JSON.stringify(parked) },
    { owner: 'one', key: 'b', value },
  ];
  const state = stateOf(stored);
  for (const _ of [1, 2]) {
    const error: unknown = await state.load().catch((one: unknown) => one);
    expect(error).toBeInstanceOf(DependencyDownError);
    expect(String(error)).toMatch(/in\.dlq\.parked .*partition 0 has no readable note under key "in\/f\/one\/b"/);
    expect(state.ready).toBe(false);
  }
  stored.push({ owner: 'one', key: 'b', value: JSON.stringify(parked) });
  await state.load();
  expect([...state.keys]).toEqual([
    ['a', parked],
    ['b', parked],
  ]);
});

test('a request that cannot be read is read again, and not passed over', async () => {
  const stored = [{ owner: 'one', key: 'a', value: JSON.stringify(parked) }];
  const state = stateOf(stored);
  await state.load();
  stored.push({ owner: requester, key: 'a', value: JSON.stringify({ last: 5 }) });
  stored.push({ owner: requester, key: 'b', value: '' });
  const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 2_000); // it looks once a second
  await expect(state.look('a')).rejects.toThrow(DependencyDownError);
  stored.push({ owner: requester, key: 'b', value: JSON.stringify({ last: 1 }) });
  expect(await state.look('a')).toEqual({ ...parked, released: true });
  clock.mockRestore();
});

test.each([
  ['f/4/-1', { at: 9, offset: 4, after: -1 }],
  ['f/4/2', { at: 9, offset: 4, after: 2 }],
  ['g/4/2', { at: 9, offset: 9, after: undefined }],
  ['ff/4/2', { at: 9, offset: 9, after: undefined }],
  ['4/2', { at: 9, offset: 9, after: undefined }],
  ['f/9/2', { at: 9, offset: 9, after: undefined }],
  ['f/4/4', { at: 9, offset: 9, after: undefined }],
])('a record with the header %s has its turn by it for the function that is named', (order, turn) => {
  const record = createRecord({ offset: 9, key: 'a', headers: { [orderHeader]: Buffer.from(order) } });
  expect(turnOf(record, 'f')).toEqual(turn);
});
