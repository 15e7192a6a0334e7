import { describe, expect, test } from 'vitest';
import type { RecordFunction } from '../../../functions/runtime/contract.ts';
import { BadInputError, DependencyDownError, RetryableError } from '../../../functions/runtime/errors.ts';
import { invoke } from '../../../functions/runtime/invoke.ts';
import { createRecord } from '../../../functions/runtime/testing.ts';

const retry = { attempts: 3, initialDelayMs: 1, maxDelayMs: 2 };
const topics = { name: 'acts', source: 'in', group: 'g', output: 'out', deadLetters: 'dlq' };

/** Does what the record's value says. */
const acts: RecordFunction<{ readonly closed?: () => void }> = {
  ...{ ...topics, order: 'key', retry, setup: () => ({}), close: ({ closed }) => closed?.() },
  async handle(record, { attempt }) {
    const text = String(record.value);
    if (text === 'bad') throw new BadInputError('CONTRACT_VIOLATED', 'field is missing');
    if (text === 'twice' && attempt < 2) throw new RetryableError('not yet');
    if (text === 'never') throw new RetryableError('never');
    if (text === 'down') throw new DependencyDownError('away');
    if (text === 'stuck') return await new Promise(() => undefined);
    if (text === 'filter') return null;
    return { value: `${text} at ${attempt}` };
  },
};

const records = (...values: string[]) =>
  values.map((value, offset) => createRecord({ topic: 'in', partition: 7, offset, value }));

describe('records put through a function without a server', () => {
  test('become outputs, dead letters or nothing, as in a host', async () => {
    const result = await invoke(acts, records('a', 'bad', 'twice', 'never', 'filter'));

    expect(result.outputs.map(({ partition, value }) => [partition, String(value)])).toEqual([
      [7, 'a at 1'],
      [7, 'twice at 2'],
    ]);
    expect(result.outputs[0]?.headers).toEqual({ source: Buffer.from('in/7/0') });
    expect(
      result.deadLetters.map(({ partition, value, headers }) => [partition, `${value} ${headers['error.code']}`]),
    ).toEqual([
      [7, 'bad CONTRACT_VIOLATED'],
      [7, 'never RETRIES_EXHAUSTED'],
    ]);
    expect(result).toMatchObject({ filtered: 1, undone: [] });
  });

  test('are left undone from the one on whose dependency is down', async () => {
    const { outputs, undone } = await invoke(acts, records('a', 'down', 'c'));
    expect(outputs.map(({ value }) => String(value))).toEqual(['a at 1']);
    expect(undone.map(({ offset }) => offset)).toEqual([1, 2]);
  });

  test('are left undone when the time is over', async () => {
    const { outputs, undone } = await invoke(acts, records('a', 'stuck', 'c'), { timeoutMs: 50 });
    expect(outputs.map(({ value }) => String(value))).toEqual(['a at 1']);
    expect(undone.map(({ offset }) => offset)).toEqual([1, 2]);
  });

  test('are left undone from the one on that a topic does not take', async () => {
    const options = { timeoutMs: 50, unwritable: ['deadLetters'] as const };
    const { outputs, deadLetters, undone } = await invoke(acts, records('a', 'bad', 'c'), options);
    expect(outputs[0]?.value?.toString()).toBe('a at 1');
    expect(deadLetters).toEqual([]);
    expect(undone.map(({ offset }) => offset)).toEqual([1, 2]);
  });

  test('of other partitions are done meanwhile', async () => {
    const elsewhere = createRecord({ topic: 'in', partition: 8, offset: 5, value: 'bad' });
    const options = { timeoutMs: 50, unwritable: ['outputs'] as const };
    const { outputs, deadLetters, undone } = await invoke(acts, [...records('filter', 'a', 'c'), elsewhere], options);
    expect(outputs).toEqual([]);
    expect(deadLetters).toHaveLength(1);
    expect(undone.map(({ partition, offset }) => [partition, offset])).toEqual([
      [7, 1],
      [7, 2],
    ]);
  });

  test('an output that is too large is a dead letter', async () => {
    const { outputs, deadLetters } = await invoke(acts, records('x'.repeat(200)), { maxRecordBytes: 150 });
    expect(outputs).toEqual([]);
    expect(String(deadLetters[0]?.headers['error.code'])).toBe('OUTPUT_TOO_LARGE');
  });

  test('ten thousand of many partitions, filtered or not, in order', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) =>
      createRecord({ topic: 'in', partition: index % 60, offset: index, value: index % 2 ? 'filter' : `${index}` }),
    );
    const { outputs, filtered, undone } = await invoke(acts, many);
    expect(filtered).toBe(5_000);
    expect(undone).toEqual([]);
    const seen = outputs.filter(({ partition }) => partition === 2).map(({ value }) => Number.parseInt(`${value}`, 10));
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen).toHaveLength(Math.ceil(10_000 / 60));
  });

  test('none at all', async () => {
    expect(await invoke(acts, [])).toEqual({ outputs: [], deadLetters: [], filtered: 0, undone: [] });
  });

  test('with resources of the test, or those that setup makes and close undoes', async () => {
    const closed: string[] = [];
    const made = { ...acts, setup: () => ({ closed: () => void closed.push('made') }) };
    await invoke(made, records('a'));
    await invoke(made, records('a'), { resources: { closed: () => void closed.push('given') } });
    expect(closed).toEqual(['made']);
  });
});
