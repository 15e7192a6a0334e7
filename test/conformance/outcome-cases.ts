import type { Instruction } from '../fixtures/functions/instruction.ts';

/** Records of one key, and what must become of them. */
export interface OutcomeCase {
  readonly name: string;
  readonly records: readonly Instruction[];
  /** Values in order, as latin1; `null` is a tombstone. */
  readonly outputs?: readonly (string | null)[];
  /** `<code> after <attempts>: <message>`, in order. */
  readonly dead?: readonly (string | RegExp)[];
  /** Default: 0. All that share a partition are written in the order of the table. */
  readonly partition?: number;
  /** Default: the name. */
  readonly key?: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | string | string[]>>;
  readonly outputKey?: Buffer;
  readonly outputHeaders?: Readonly<Record<string, string>>;
}

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function one(name: string, rest: Omit<OutcomeCase, 'name' | 'records'>): OutcomeCase {
  return { name, records: [{ do: name }], ...rest };
}

/** The outcome table of the design, one row or more for each of its lines. */
export const outcomeCases: readonly OutcomeCase[] = [
  one('filter', {}),
  one('filter by null', {}),
  one('filter by an empty list', {}),
  one('several', { outputs: ['first', 'second', 'third'] }),
  one('a tombstone', { outputs: [null] }),
  one('another key', { outputs: ['\xfe\x001'], outputKey: Buffer.from([0xff, 0x00]) }),
  one('own headers', { outputs: ['headed'], outputHeaders: { bytes: '\x00\xff', text: '\xc3\xa9' } }),
  one('log', { outputs: ['logged'] }),
  {
    name: 'no key',
    key: null,
    records: [
      { do: 'one', id: 'k1' },
      { do: 'one', id: 'k2' },
    ],
    outputs: ['k1', 'k2'],
  },
  {
    name: 'a traceparent, and headers that are not for outputs',
    records: [{ do: 'several' }],
    headers: { traceparent, other: 'stays behind' },
    outputs: ['first', 'second', 'third'],
    outputHeaders: { traceparent },
  },
  one('throw a string', { dead: ['HANDLER_FAILED after 1: just a string'] }),
  one('throw null', { dead: ['HANDLER_FAILED after 1: null'] }),
  one('throw a TypeError', { dead: [/^HANDLER_FAILED after 1: Cannot read properties of undefined/] }),
  one('throw a SyntaxError', { dead: [/^HANDLER_FAILED after 1: Expected property name/] }),
  one('throw a long message', { dead: [/^HANDLER_FAILED after 1: line one line two (\xc3\xa9){400,}$/] }),
  one('reject with a TypeError', { dead: ['HANDLER_FAILED after 1: after a wait'] }),
  one('return a number', { dead: [/^HANDLER_FAILED after 1: The handler returned an output whose value is number/] }),
  one('undecodable', { dead: ['DECODE_FAILED after 1: cannot be read'] }),
  one('unfit', { dead: ['CONTRACT_VIOLATED after 1: field is missing'] }),
  {
    name: 'bytes of a dead letter',
    key: Buffer.from([0xff, 0x00, 0x80]),
    records: [{ do: 'throw a string' }],
    headers: {
      traceparent,
      bytes: Buffer.from([0x00, 0xff]),
      many: ['a', 'b'],
      empty: '',
      'error.code': 'an older one',
    },
    dead: ['HANDLER_FAILED after 1: just a string'],
  },
  one('too large', { dead: [/^OUTPUT_TOO_LARGE after 1: An output of 1100\d+ bytes/] }),
  one('too large at second', { dead: [/^OUTPUT_TOO_LARGE after 1: An output of 1100\d+ bytes/] }),
  one('forget a promise', { outputs: ['went on'] }),
  { name: 'a good record behind all of these', records: [{ do: 'one' }], outputs: ['one'] },
  {
    name: 'a retry that succeeds holds up its key',
    partition: 1,
    records: [
      { do: 'retry', id: 'a', until: 3 },
      { do: 'one', id: 'b' },
      { do: 'retry later', id: 'c', until: 2 },
      { do: 'one', id: 'd' },
    ],
    outputs: ['a at try 3', 'b', 'c at try 2', 'd'],
  },
  {
    name: 'and no other key',
    partition: 1,
    records: [{ do: 'one', id: 'overtakes' }],
    outputs: ['overtakes'],
  },
  {
    name: 'retries that never succeed',
    partition: 1,
    records: [{ do: 'retry' }, { do: 'one', id: 'behind' }, { do: 'retry later' }],
    outputs: ['behind'],
    dead: ['RETRIES_EXHAUSTED after 4: try 4', 'RETRIES_EXHAUSTED after 4: try 4'],
  },
  {
    name: 'waits between tries',
    partition: 1,
    records: [{ do: 'retry patiently', id: 'p', until: 4 }],
    outputs: ['3 waits as the policy has them'],
  },
  {
    name: 'promises of a key',
    partition: 2,
    records: [
      { do: 'wait', id: 'a', ms: 400 },
      { do: 'wait', id: 'b', ms: 1 },
      { do: 'one', id: 'c' },
    ],
    outputs: ['a', 'b', 'c'],
  },
  { name: 'overlap with those of another', partition: 2, records: [{ do: 'wait', id: 'x', ms: 1 }], outputs: ['x'] },
  {
    name: 'a dependency that is down is waited for',
    partition: 3,
    records: [
      { do: 'dependency down', id: 'a', ms: 2_000 },
      { do: 'one', id: 'b' },
    ],
    outputs: ['a at try 1', 'b'],
  },
  { name: 'by all of its partition', partition: 3, records: [{ do: 'one', id: 'waits' }], outputs: ['waits'] },
];
