import { readFileSync } from 'node:fs';
import { marketPoison } from '../support/ledger/specimens.ts';
import { instruct } from './instruct.ts';
import { outcomeCases } from './outcome-cases.ts';
import { troubledWorks } from './troubled-works.ts';
import type { SourceRecord, Work } from './work.ts';

const golden = new URL('../fixtures/processor/chains.ndjson', import.meta.url);
const poisonKinds = 11;

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

/** The service never sends an event without records; whoever does gets an answer. A group may be there before its records. */
const nothing: Work = {
  name: 'an empty batch',
  functionName: 'batches',
  partitions: 2,
  deadLetterPartitions: 1,
  records: [],
};

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

/** The works of the suite. `dir` is a folder for what a handler must remember from one delivery to the next. */
export function works(dir: string, form: 'short' | 'whole'): readonly Work[] {
  const works = [outcomes, processor, orderly, batches, nothing, ...troubledWorks(dir, form)];
  return form === 'short' ? works : [...works, tenThousand, sixMegabytes];
}
