import { describe, expect, test } from 'vitest';
import {
  BadInputError,
  DependencyDownError,
  EngineError,
  messageOf,
  RetryableError,
  StartupError,
} from '../../../functions/runtime/errors.ts';
import { verdictOn } from '../../../functions/runtime/outcome.ts';

/** Whatever is asked of it, it throws. */
const hostile = new Proxy(
  {},
  new Proxy(
    {},
    {
      get: () => () => {
        throw new Error('hostile');
      },
    },
  ),
);
const policy = { attempts: 3, initialDelayMs: 1, maxDelayMs: 1 };

describe('the verdict', () => {
  test.each<[what: string, thrown: unknown, attempts: number, verdict: object]>([
    ['cannot be decoded', new BadInputError('DECODE_FAILED', 'm'), 1, { kind: 'dead-letter', code: 'DECODE_FAILED' }],
    ['breaks the contract', new BadInputError('CONTRACT_VIOLATED', 'm'), 1, { code: 'CONTRACT_VIOLATED' }],
    ['is too large', new EngineError('OUTPUT_TOO_LARGE', 'm'), 1, { code: 'OUTPUT_TOO_LARGE' }],
    ['a bug', new TypeError('m'), 1, { kind: 'dead-letter', code: 'HANDLER_FAILED', message: 'm' }],
    ['an engine error that is not the record’s', new EngineError('CLUSTER_UNFIT', 'm'), 1, { code: 'HANDLER_FAILED' }],
    ['retryable, tries left', new RetryableError('m'), 2, { kind: 'retry' }],
    [
      'retryable, none left',
      new RetryableError('m'),
      3,
      { kind: 'dead-letter', code: 'RETRIES_EXHAUSTED', message: 'm' },
    ],
    ['retryable, more than all used', new RetryableError('m'), 9, { code: 'RETRIES_EXHAUSTED' }],
    ['a proxy that throws', hostile, 1, { kind: 'dead-letter', code: 'HANDLER_FAILED' }],
    [
      'a getter that throws',
      {
        get retryable() {
          throw new Error('hostile');
        },
      },
      1,
      { code: 'HANDLER_FAILED' },
    ],
    ['retryable by its field', { retryable: true }, 1, { kind: 'retry' }],
    ['retryable only in a way', { retryable: 1 }, 1, { code: 'HANDLER_FAILED' }],
    [
      'bad input that calls itself retryable',
      Object.assign(new BadInputError('DECODE_FAILED', 'm'), { retryable: true }),
      1,
      { code: 'DECODE_FAILED' },
    ],
    ['a dependency, at any count', new DependencyDownError('m'), 99, { kind: 'dependency-down' }],
  ])('on what %s', (_what, thrown, attempts, verdict) => {
    expect(verdictOn(thrown, attempts, policy, false)).toMatchObject(verdict);
  });

  test.each([new TypeError('m'), new RetryableError('m'), new DependencyDownError('m'), null])(
    'on %s after the signal: left undone',
    (thrown) => {
      expect(verdictOn(thrown, 99, policy, true)).toEqual({ kind: 'abandon' });
    },
  );
});

describe('errors', () => {
  test('say by class, code and retryable what they are, and keep their cause', () => {
    const cause = new Error('beneath');
    expect(new RetryableError('m', cause)).toMatchObject({
      name: 'RetryableError',
      code: 'RETRY',
      retryable: true,
      cause,
    });
    expect(new DependencyDownError('m', cause)).toMatchObject({ code: 'DEPENDENCY_DOWN', retryable: true, cause });
    expect(new BadInputError('DECODE_FAILED', 'm', cause)).toMatchObject({
      name: 'BadInputError',
      retryable: false,
      cause,
    });
    expect(new EngineError('CLUSTER_UNFIT', 'm')).not.toHaveProperty('cause');
  });

  test('at start list every problem, one a line', () => {
    const error = new StartupError('CONFIG_INVALID', ['one', 'two']);
    expect(error.message).toBe('one\ntwo');
    expect(error.problems).toEqual(['one', 'two']);
    expect(error).toBeInstanceOf(EngineError);
  });

  test.each<[thrown: unknown, message: string]>([
    [new Error('text'), 'text'],
    [new TypeError(), 'TypeError'],
    [Object.assign(new Error(), { message: { deep: 1 } }), '[object Object]'],
    ['text', 'text'],
    ['', ''],
    [undefined, 'undefined'],
    [Symbol('s'), 'Symbol(s)'],
    [12n, '12'],
    [Object.create(null), 'a thrown value that cannot be shown'],
    [Object.assign(new Error(), { message: Object.create(null) }), 'a thrown value that cannot be shown'],
  ])('of any kind have a message', (thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });
});
