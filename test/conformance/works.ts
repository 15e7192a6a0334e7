import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Instruction } from '../fixtures/functions/instruction.ts';
import { marketPoison } from '../support/ledger/specimens.ts';
import { outcomeCases } from './outcome-cases.ts';
import type { SourceRecord, Work } from './work.ts';

const golden = new URL('../fixtures/processor/chains.ndjson', import.meta.url);
const poisonKinds = 11;

function instruct(partition: number, key: string | null, instruction: Instruction): SourceRecord {
  return {
    partition,
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from(JSON.stringify(instruction)),
    headers: {},
  };
}

/** Every row of the outcome table, by a function that does what its records say. */
const outcomes: Work = {
  name: 'every row of the outcome table',
  functionName: 'outcomes',
  partitions: 4,
  deadLetterPartitions: 2,
  records: outcomeCases.flatMap(({ name, records, partition = 0, key = Buffer.from(name), headers = {} }) =>
    records.map((record) => ({
      ...{ partition, key, value: Buffer.from(JSON.stringify(record)), headers: { ...headers, case: name } },
    })),
  ),
};

/** What ships: chains with all that a market can have, and bad input of every kind. */
const processor: Work = {
  name: 'the processor, chains and bad input',
  functionName: 'processor',
  shipped: true,
  partitions: 6,
  deadLetterPartitions: 3,
  records: [
    ...readFileSync(golden, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line): SourceRecord => {
        const { name, input }: { name: string; input: string } = JSON.parse(line);
        const { symbol_id: id } = JSON.parse(input);
        return {
          partition: Math.abs(id) % 6,
          key: Buffer.from(String(id)),
          value: Buffer.from(input),
          headers: { case: name },
        };
      }),
    ...Array.from({ length: poisonKinds }, (_, turn): SourceRecord => {
      const { value } = marketPoison(turn, turn, 1_764_000_000_000, turn);
      return { partition: turn % 6, key: Buffer.from(String(turn)), value, headers: { trace: 'kept' } };
    }),
  ],
};

const orderly: Work = {
  name: 'order of a partition, whatever each record takes',
  functionName: 'orderly',
  partitions: 2,
  deadLetterPartitions: 1,
  records: Array.from({ length: 80 }, (_, index) =>
    instruct(index % 2, `k${index % 7}`, { do: 'wait', id: String(index), ms: (index * 7) % 23 }),
  ),
};

const batches: Work = {
  name: 'a batch function: one bad record fails no other',
  functionName: 'batches',
  partitions: 2,
  deadLetterPartitions: 2,
  records: [
    ...Array.from({ length: 30 }, (_, index) => instruct(0, `k${index % 5}`, { do: 'plain', id: String(index) })),
    instruct(0, 'k1', { do: 'bad' }),
    instruct(0, 'k1', { do: 'plain', id: 'behind the bad one' }),
    instruct(0, 'k2', { do: 'filter' }),
    instruct(0, 'k3', { do: 'explode' }),
    instruct(0, 'k3', { do: 'plain', id: 'behind the one that exploded' }),
    ...Array.from({ length: 30 }, (_, index) => instruct(1, `k${index % 5}`, { do: 'plain', id: `second ${index}` })),
  ],
};

/** A handler that outlasts its deadline, or a shutdown: its record and those behind it are delivered again. */
function interrupted(dir: string, act: 'wait' | 'loop'): Work {
  const stuck = { do: act, id: 'stuck', file: join(dir, act) };
  return {
    name: act === 'wait' ? 'a handler past its deadline' : 'a handler in an endless loop',
    functionName: 'interrupted',
    trouble: act === 'wait' ? 'deadline' : 'endless loop',
    outputs: [['before', 'stuck', 'behind'], ['elsewhere']],
    partitions: 2,
    deadLetterPartitions: 1,
    records: [
      instruct(0, 'a', { do: 'one', id: 'before' }),
      instruct(0, 'a', stuck),
      instruct(0, 'a', { do: 'one', id: 'behind' }),
      instruct(1, 'b', { do: 'one', id: 'elsewhere' }),
    ],
  };
}

const tenThousand: Work = {
  name: 'ten thousand records in a batch',
  functionName: 'outcomes',
  partitions: 4,
  deadLetterPartitions: 2,
  records: Array.from({ length: 10_000 }, (_, index) =>
    instruct(index % 4, `k${index % 50}`, index % 9 === 4 ? { do: 'filter' } : { do: 'one', id: String(index) }),
  ),
};

const sixMegabytes: Work = {
  name: 'six megabytes in a batch',
  functionName: 'outcomes',
  partitions: 4,
  deadLetterPartitions: 2,
  records: Array.from({ length: 12 }, (_, index) =>
    instruct(index % 4, `k${index}`, { do: 'one', id: `${index}${'x'.repeat(650_000)}` }),
  ),
};

/** The brokers store no dead letters without a key for a while: the record waits, and all behind it; other partitions do not. */
const deadLettersNotStored: Work = {
  name: 'a dead-letter topic that takes nothing for a while',
  functionName: 'outcomes',
  trouble: 'dead letters not stored',
  partitions: 2,
  deadLetterPartitions: 2,
  records: [
    instruct(0, null, { do: 'one', id: 'before' }),
    instruct(0, null, { do: 'filter' }),
    instruct(0, null, { do: 'throw a string' }),
    instruct(0, null, { do: 'one', id: 'behind' }),
    instruct(0, 'b', { do: 'one', id: 'behind, of another key' }),
    instruct(1, 'c', { do: 'one', id: 'elsewhere' }),
    instruct(1, 'c', { do: 'filter' }),
  ],
  standsAt: [2, 2],
  mayDouble: true,
  outputs: [['before', 'behind', 'behind, of another key'], ['elsewhere']],
};

/** The brokers store no outputs without a key for a while: never a dead letter, and nothing is done that needs them. */
const outputsNotStored: Work = {
  name: 'brokers that do not take outputs for a while',
  functionName: 'outcomes',
  trouble: 'outputs not stored',
  partitions: 2,
  deadLetterPartitions: 2,
  records: [
    instruct(0, null, { do: 'filter' }),
    instruct(0, null, { do: 'one', id: 'waits' }),
    instruct(0, null, { do: 'one', id: 'behind' }),
    instruct(1, 'b', { do: 'filter' }),
    instruct(1, 'b', { do: 'filter' }),
  ],
  standsAt: [1, 2],
  mayDouble: true,
  outputs: [['waits', 'behind'], []],
};

/** Both partitions have a handler under way when one of them goes: what it did is committed, and what is behind is not begun. */
function revoked(dir: string): Work {
  const held = (id: string) => ({ do: 'hold', id, file: join(dir, 'hold') });
  return {
    name: 'a partition revoked',
    functionName: 'interrupted',
    trouble: 'partitions revoked',
    partitions: 2,
    deadLetterPartitions: 1,
    records: [
      instruct(0, 'a', held('first')),
      instruct(0, 'a', { do: 'one', id: 'behind' }),
      instruct(1, 'b', held('second')),
      instruct(1, 'b', { do: 'one', id: 'behind too' }),
    ],
    standsAt: [1, 1],
    outputs: [
      ['first', 'behind'],
      ['second', 'behind too'],
    ],
  };
}

/** The group has dropped the member: what it did may be somebody else's, so nothing is committed or published any more. */
function lost(dir: string): Work {
  return {
    name: 'a partition lost',
    functionName: 'interrupted',
    trouble: 'partitions lost',
    partitions: 2,
    deadLetterPartitions: 1,
    records: [
      instruct(0, 'a', { do: 'one', id: 'before' }),
      instruct(0, 'a', { do: 'come late', id: 'stuck', file: join(dir, 'late') }),
      instruct(0, 'a', { do: 'one', id: 'behind' }),
      instruct(1, 'b', { do: 'one', id: 'elsewhere' }),
    ],
    standsAt: [0, 0],
    mayDouble: true,
    outputs: [['before', 'stuck', 'behind'], ['elsewhere']],
  };
}

/** The works of the suite. `dir` is a folder for what a handler must remember from one delivery to the next. */
export function works(dir: string, form: 'short' | 'whole'): readonly Work[] {
  const always = [outcomes, processor, orderly, batches, interrupted(dir, 'wait')];
  const broken = [deadLettersNotStored, outputsNotStored, revoked(dir), lost(dir)];
  return [...always, ...broken, ...(form === 'short' ? [] : [interrupted(dir, 'loop'), tenThousand, sixMegabytes])];
}
