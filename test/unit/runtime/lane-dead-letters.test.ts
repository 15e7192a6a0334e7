import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BadInputError, EngineError, RetryableError } from '../../../functions/runtime/errors.ts';
import { createRecords } from '../../support/fakes.ts';
import { deaths, recordKit, values } from './lane-kit.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const tooLarge = new EngineError('OUTPUT_TOO_LARGE', 'the topic says no');

function raise(thrown: unknown): never {
  throw thrown;
}

describe('a dead-letter topic that fails', () => {
  const poison = ({ value }: { value: Buffer | null }) =>
    `${value}` === 'bad' ? raise(new BadInputError('DECODE_FAILED', 'no JSON')) : { value };

  test('stands still with its lane: nothing overtakes the record on its way there', async () => {
    const kit = recordKit(poison);
    kit.deadLetters.degraded = true;
    await kit.push(...createRecords({ value: 'before' }, { value: 'bad' }, { value: 'after' }));
    await kit.pass(60_000);
    kit.outputs.acknowledge();
    expect(values(kit.outputs.sent)).toEqual(['before']);
    expect(kit.lane.position).toBe(1);

    kit.deadLetters.degraded = false;
    kit.deadLetters.acknowledge();
    await kit.pass(0);
    expect(values(kit.outputs.sent)).toEqual(['before', 'after']);
    expect(kit.lane.position).toBe(2);
  });

  test('stops no lane that has sent nothing there', async () => {
    const kit = recordKit(poison);
    kit.deadLetters.degraded = true;
    await kit.push(...createRecords({ value: 'a' }, { value: 'b' }));
    expect(values(kit.outputs.sent)).toEqual(['a', 'b']);
  });

  test('holds those that queue behind a retry as well, until it works again', async () => {
    const retry = { attempts: 2, initialDelayMs: 100, maxDelayMs: 100 };
    const kit = recordKit(({ value }) => (`${value}` === 'a1' ? raise(new RetryableError('no')) : { value }), {
      retry,
    });
    await kit.push(...createRecords({ key: 'a', value: 'a1' }, { key: 'a', value: 'a2' }, { key: 'a', value: 'a3' }));
    kit.deadLetters.degraded = true;
    await kit.pass(60_000);
    expect(deaths(kit.deadLetters.sent)).toEqual(['RETRIES_EXHAUSTED 0 2']);
    expect(kit.outputs.sent).toEqual([]);

    kit.deadLetters.degraded = false;
    kit.deadLetters.acknowledge();
    await kit.pass(1_000);
    expect(values(kit.outputs.sent)).toEqual(['a2', 'a3']);
    await kit.acknowledgeAll();
    expect(kit.lane.position).toBe(3);
  });

  test('leaves a held record undone when the lane stops', async () => {
    const retry = { attempts: 1, initialDelayMs: 100, maxDelayMs: 100 };
    const kit = recordKit(async ({ value }) => (`${value}` === 'a1' ? raise(new Error('bug')) : { value }), { retry });
    kit.deadLetters.degraded = true;
    await kit.push(...createRecords({ key: 'a', value: 'a1' }, { key: 'a', value: 'a2' }));
    const stopped = kit.lane.stop();
    await kit.acknowledgeAll();
    await stopped;
    await kit.pass(60_000);
    expect(kit.outputs.sent).toEqual([]);
    expect(kit.lane.position).toBe(1);
  });
});

describe('an output that is too large', () => {
  test('is dead before it is published, and nothing of its record is', async () => {
    const kit = recordKit(() => [{ value: 'small' }, { value: 'x'.repeat(1_000) }], {}, { maxRecordBytes: 900 });
    await kit.push(...createRecords({}));
    expect(kit.outputs.sent).toEqual([]);
    expect(deaths(kit.deadLetters.sent)).toEqual(['OUTPUT_TOO_LARGE 0 1']);
    expect(String(kit.deadLetters.sent[0]?.record.headers['error.message'])).toMatch(
      /^An output of 10\d\d bytes is above what topic out takes in one record \(900 bytes\)\.$/,
    );
  });

  test('by the word of the topic is dead too', async () => {
    const kit = recordKit(() => ({ value: 'x' }));
    await kit.push(...createRecords({}));
    kit.outputs.refuse(kit.outputs.sent[0], tooLarge);
    expect(deaths(kit.deadLetters.sent)).toEqual(['OUTPUT_TOO_LARGE 0 1']);
    expect(kit.lane.position).toBeUndefined();
    await kit.acknowledgeAll();
    expect(kit.lane.position).toBe(1);
    expect(kit.metrics).toMatchObject({ recordsOut: 0, recordsDead: { OUTPUT_TOO_LARGE: 1 } });
  });

  test.each<[what: string, answers: ('refuse' | 'acknowledge' | 'bury')[]]>([
    ['the first of three', ['refuse', 'acknowledge', 'acknowledge', 'bury']],
    ['the last of three', ['acknowledge', 'acknowledge', 'refuse', 'bury']],
    ['all three', ['refuse', 'refuse', 'refuse', 'bury']],
    ['all three, the dead letter acknowledged between', ['refuse', 'bury', 'refuse', 'refuse']],
    ['two of three, the dead letter acknowledged between', ['refuse', 'bury', 'acknowledge', 'refuse']],
    ['one of three, the dead letter acknowledged first', ['refuse', 'bury', 'acknowledge', 'acknowledge']],
  ])('%s: one dead letter, and done after the last answer', async (_what, answers) => {
    const kit = recordKit(() => [{ value: '1' }, { value: '2' }, { value: '3' }]);
    await kit.push(...createRecords({}));
    for (const answer of answers) {
      expect(kit.lane.position).toBeUndefined();
      if (answer === 'bury') kit.deadLetters.acknowledge(1);
      else if (answer === 'acknowledge') kit.outputs.acknowledge(1);
      else kit.outputs.refuse(kit.outputs.waiting[0], tooLarge);
    }
    expect(kit.lane.position).toBe(1);
    expect(kit.deadLetters.sent).toHaveLength(1);
    expect(kit.metrics).toMatchObject({ recordsOut: 0, recordsFiltered: 0, recordsDead: { OUTPUT_TOO_LARGE: 1 } });
    await kit.lane.stop();
  });
});
