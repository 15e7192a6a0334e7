import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { HandlerResult, Output } from '../../../functions/runtime/contract.ts';
import { BadInputError, EngineError } from '../../../functions/runtime/errors.ts';
import { createRecords } from '../../support/fakes.ts';
import { deaths, recordKit, values } from './lane-kit.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a handled record', () => {
  test('is done when its output is acknowledged, and not before', async () => {
    const kit = recordKit(({ value }) => ({ value: `${value}!` }));
    await kit.push(...createRecords({ value: 'a' }, { value: 'b' }));
    expect(values(kit.outputs.sent)).toEqual(['a!', 'b!']);
    expect(kit.lane.position).toBeUndefined();

    kit.outputs.acknowledge(1);

    expect(kit.lane.position).toBe(1);
    expect(kit.lane.outstanding).toBe(1);
    expect(kit.lane.firstUndone).toBe(1);
    expect(kit.metrics).toMatchObject({ recordsIn: 2, recordsOut: 1 });
  });

  test('with several outputs is done when all are acknowledged', async () => {
    const kit = recordKit(() => [{ value: 'a' }, { value: 'b' }]);
    await kit.push(...createRecords({}));

    kit.outputs.acknowledge(1);
    expect(kit.lane.position).toBeUndefined();

    kit.outputs.acknowledge(1);
    expect(kit.lane.position).toBe(1);
    expect(kit.metrics.recordsOut).toBe(2);
  });

  test.each([[undefined], [null], [[]]])('without an output (%j) is filtered, and done at once', async (nothing) => {
    const kit = recordKit(() => nothing);
    await kit.push(...createRecords({}, {}));
    expect(kit.lane.position).toBe(2);
    expect(kit.outputs.sent).toEqual([]);
    expect(kit.metrics).toMatchObject({ recordsIn: 2, recordsOut: 0, recordsFiltered: 2 });
  });

  test('by a handler that waits comes to the same', async () => {
    const kit = recordKit(async ({ offset }) => (offset === 0 ? undefined : { value: 'late' }));
    await kit.push(...createRecords({}, {}));
    await kit.acknowledgeAll();
    expect(values(kit.outputs.sent)).toEqual(['late']);
    expect(kit.lane.position).toBe(2);
  });

  test('goes to its own partition, modulo the count of the topic', async () => {
    const kit = recordKit(({ offset }) => (offset === 0 ? { value: 'x' } : raise(new Error('bug'))));
    await kit.push(...createRecords({ partition: 5 }, { partition: 5 }));
    expect(kit.outputs.sent[0]?.partition).toBe(1); // 5 of 4
    expect(kit.deadLetters.sent[0]?.partition).toBe(1); // 5 of 2
  });

  test('sees where it comes from, and in its log too', async () => {
    const kit = recordKit((record, { log, attempt, signal, resources }) => {
      log.info({ attempt, aborted: signal.aborted, resources }, `seen ${record.key}`);
      return undefined;
    });
    await kit.push(...createRecords({ topic: 'in', partition: 5, offset: 77, key: 'k' }));
    expect(kit.lines).toEqual([
      {
        level: 'info',
        fields: { topic: 'in', partition: 5, offset: 77, attempt: 1, aborted: false, resources: undefined },
        message: 'seen k',
      },
    ]);
  });
});

describe('a record that fails for good', () => {
  const bad = new BadInputError('CONTRACT_VIOLATED', 'spot.ltp is missing');
  test.each<[what: string, thrown: unknown, header: string, message: string]>([
    ['bad input', bad, 'CONTRACT_VIOLATED', 'spot.ltp is missing'],
    ['no JSON', new BadInputError('DECODE_FAILED', 'no JSON'), 'DECODE_FAILED', 'no JSON'],
    ['too large', new EngineError('OUTPUT_TOO_LARGE', 'big'), 'OUTPUT_TOO_LARGE', 'big'],
    ['a bug', new TypeError('x is not a function'), 'HANDLER_FAILED', 'x is not a function'],
    ['an error without a message', new RangeError(), 'HANDLER_FAILED', 'RangeError'],
    ['an error whose message is no text', Object.assign(new Error(), { message: 42 }), 'HANDLER_FAILED', '42'],
    ['a string', 'just text', 'HANDLER_FAILED', 'just text'],
    ['null', null, 'HANDLER_FAILED', 'null'],
    ['undefined', undefined, 'HANDLER_FAILED', 'undefined'],
    ['something like a promise', thenable({ value: () => undefined }), 'HANDLER_FAILED', '[object Object]'],
    ['what cannot be shown', Object.create(null), 'HANDLER_FAILED', 'a thrown value that cannot be shown'],
    ['retryable: false', { retryable: false, toString: () => 'no' }, 'HANDLER_FAILED', 'no'],
  ])('%s: is dead at once, thrown or rejected', async (_what, thrown, code, message) => {
    const kit = recordKit(({ offset }) => (offset === 0 ? raise(thrown) : Promise.reject(thrown)));
    await kit.push(...createRecords({ value: 'as it came' }, {}));

    expect(deaths(kit.deadLetters.sent)).toEqual([`${code} 0 1`, `${code} 1 1`]);
    expect(kit.deadLetters.sent.map(({ record }) => record.headers['error.message'])).toEqual([message, message]);
    expect(values(kit.deadLetters.sent)).toEqual(['as it came', 'null']);
    expect(kit.lane.position).toBeUndefined();

    await kit.acknowledgeAll();
    expect(kit.lane.position).toBe(2);
    expect(kit.metrics.recordsDead).toMatchObject({ [code]: 2 });
    expect(kit.metrics).toMatchObject({ recordsOut: 0, recordsFiltered: 0, retries: 0 });
  });

  test('does not hold up the next', async () => {
    const kit = recordKit(({ offset }) => (offset === 0 ? raise(bad) : { value: 'next' }));
    await kit.push(...createRecords({ key: 'k' }, { key: 'k' }));
    expect(values(kit.outputs.sent)).toEqual(['next']);
  });

  test('is logged on one line, a bug with its stack', async () => {
    const kit = recordKit(({ offset }) => raise(offset === 0 ? new Error('two\nlines') : bad));
    await kit.push(...createRecords({}, {}));
    const [bug, input] = kit.lines;
    expect(bug).toMatchObject({
      level: 'warn',
      fields: { topic: 'test', partition: 5, offset: 0, code: 'HANDLER_FAILED', error: 'two lines', attempts: 1 },
      message: 'Record goes to the dead-letter topic',
    });
    expect(bug?.fields.stack).toContain('lane-outcomes.test.ts');
    expect(input?.fields).not.toHaveProperty('stack');
  });
});

describe('a handler that returns what no handler may', () => {
  const outputs = (...garbage: unknown[]): HandlerResult => garbage as readonly Output[]; // what types forbid
  test.each<[what: string, result: HandlerResult]>([
    ['a number', 42 as unknown as Output],
    ['text', 'text' as unknown as Output],
    ['true', true as unknown as Output],
    ['an object without a value', {} as unknown as Output],
    ['a value that is an object', { value: {} } as unknown as Output],
    ['a value that is a plain array of bytes', { value: new Uint8Array(3) } as unknown as Output],
    ['a list with a hole', outputs({ value: 'good' }, undefined)],
    ['a list in a list', outputs([{ value: 'good' }])],
    ['a key that is a number', { key: 13, value: 'x' } as unknown as Output],
    ['headers that are no object', { value: 'x', headers: 'text' } as unknown as Output],
    ['a header that is a number', { value: 'x', headers: { n: 1 } } as unknown as Output],
    ['a header that is undefined', { value: 'x', headers: { n: undefined } } as unknown as Output],
    ['a header that is null', { value: 'x', headers: { n: null } } as unknown as Output],
    [
      'an output that throws when it is read',
      {
        get value(): string {
          throw new Error('boo');
        },
      },
    ],
  ])('%s: a bug, and nothing of it is published', async (_what, result) => {
    const kit = recordKit(({ offset }) => (offset === 0 ? result : Promise.resolve(result)));
    await kit.push(...createRecords({}, {}));
    expect(deaths(kit.deadLetters.sent)).toEqual(['HANDLER_FAILED 0 1', 'HANDLER_FAILED 1 1']);
    expect(kit.outputs.sent).toEqual([]);
    await kit.acknowledgeAll();
    expect(kit.lane.position).toBe(2);
  });

  test.each<[what: string, then: PropertyDescriptor, outputs: number, dead: number]>([
    ['throws', { value: () => raise(new Error('boo')) }, 0, 1],
    ['answers twice', { value: (answer: (value: Output) => void) => [1, 2].map(() => answer({ value: 'x' })) }, 1, 0],
    ['cannot be looked at', { get: () => raise(new Error('boo')) }, 0, 1],
  ])('a promise of another make that %s: the record ends once', async (_what, then, outputs, dead) => {
    const kit = recordKit(() => thenable(then) as Promise<Output>);
    await kit.push(...createRecords({}));
    await kit.acknowledgeAll();
    expect([kit.outputs.sent.length, kit.deadLetters.sent.length]).toEqual([outputs, dead]);
    expect(kit.lane.position).toBe(1);
    await kit.lane.stop();
  });

  test('an output, though its function declares no output topic', async () => {
    const kit = recordKit(() => ({ value: 'x' }), {}, { outputs: undefined });
    await kit.push(...createRecords({}));
    expect(deaths(kit.deadLetters.sent)).toEqual(['HANDLER_FAILED 0 1']);
  });
});

function raise(thrown: unknown): never {
  throw thrown;
}

function thenable(then: PropertyDescriptor): object {
  return Object.defineProperty({}, 'then', then);
}
