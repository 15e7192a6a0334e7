import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import type { TopicDeclaration } from '../../../infra/topics.ts';
import { difference } from '../../../scripts/topics/difference.ts';
import { type KeyedRecord, measureMovement } from '../../../scripts/topics/guard/movement.ts';
import { risksOf } from '../../../scripts/topics/guard/risks.ts';
import type { LiveTopic } from '../../../scripts/topics/target.ts';

const partitioner = Partitioners.DefaultPartitioner();

/** Where kafkajs itself would put a key. */
function kafkajsPartition(key: Buffer, partitions: number): number {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionId,
    leader: 0,
    partitionErrorCode: 0,
    replicas: [],
    isr: [],
  }));
  return partitioner({ topic: 'any', partitionMetadata, message: { key, value: null } });
}

const keyOf = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const counts = fc.integer({ min: 1, max: 200 });

describe('what another number of partitions would move', () => {
  test("is what kafkajs' own partitioner would move, key by key and record by record", () => {
    fc.assert(
      fc.property(fc.array(keyOf, { maxLength: 60 }), counts, counts, (keys, from, to) => {
        const records = keys.map((key): KeyedRecord => ({ key, partition: kafkajsPartition(key, from) }));
        const moved = keys.filter((key) => kafkajsPartition(key, from) !== kafkajsPartition(key, to));
        const distinct = (list: readonly Buffer[]) => new Set(list.map((key) => key.toString('hex'))).size;
        expect(measureMovement(records, from, to)).toEqual({
          records: keys.length,
          keyless: 0,
          keys: distinct(keys),
          movedKeys: distinct(moved),
          movedRecords: moved.length,
          elsewhere: 0,
        });
      }),
      { numRuns: 300 },
    );
  });

  test('is nothing while the count stays, and half of the keys when it doubles', () => {
    const records = Array.from({ length: 4_000 }, (_, id): KeyedRecord => {
      const key = Buffer.from(String(id));
      return { key, partition: kafkajsPartition(key, 60) };
    });
    expect(measureMovement(records, 60, 60).movedKeys).toBe(0);
    expect(measureMovement(records, 60, 120).movedKeys / 4_000).toBeCloseTo(0.5, 1);
  });

  test('counts records without a key, and those that another partitioner placed', () => {
    const key = Buffer.from('13');
    const home = kafkajsPartition(key, 6);
    const records: KeyedRecord[] = [
      { key: null, partition: 0 },
      { key, partition: home },
      { key, partition: (home + 1) % 6 },
    ];
    expect(measureMovement(records, 6, 6)).toEqual({
      records: 3,
      keyless: 1,
      keys: 1,
      movedKeys: 0,
      movedRecords: 0,
      elsewhere: 1,
    });
  });
});

describe('the risks of a plan', () => {
  const configs = {
    'cleanup.policy': 'delete',
    'min.insync.replicas': '2',
    'retention.ms': '1000',
    'max.message.bytes': '1000',
    'compression.type': 'producer',
  } as const;
  const topic = (name: string, partitions: number, more: Partial<TopicDeclaration> = {}): TopicDeclaration => {
    return { name, partitions, replicationFactor: 3, configs, ...more };
  };
  const live = (name: string, partitions: number): LiveTopic => {
    return { name, partitions, replicationFactor: 3, configs: new Map(Object.entries(configs)) };
  };
  const risks = (declared: readonly TopicDeclaration[], found: readonly LiveTopic[]) =>
    risksOf(difference(declared, found), declared, found);

  test('are none for topics to create, for settings, and where nobody relies on order', () => {
    expect(risks([topic('a', 6), topic('b', 12, { unordered: true })], [live('b', 6)])).toEqual([]);
    expect(risks([topic('a', 6)], [{ ...live('a', 6), configs: new Map() }])).toEqual([]);
  });

  test('are keys that move', () => {
    expect(risks([topic('a', 12)], [live('a', 6)])).toEqual([
      { topic: 'a', from: 6, to: 12, keyed: true, divisibility: [] },
    ]);
  });

  test('are counts that would no longer divide, also for a topic without order', () => {
    const declared = [topic('a', 9, { unordered: true }), topic('b', 6, { follows: 'a' })];
    expect(risks(declared, [live('a', 6), live('b', 6)])).toEqual([
      {
        topic: 'a',
        from: 6,
        to: 9,
        keyed: false,
        divisibility: ['b would have 6 partitions, which do not divide the 9 of a'],
      },
    ]);
  });

  test('look at what there would be: partitions that are too many stay', () => {
    const declared = [topic('a', 12, { unordered: true }), topic('b', 6, { follows: 'a' })];
    const found = risks(declared, [live('a', 6), live('b', 8)]);
    expect(found.map(({ divisibility }) => divisibility)).toEqual([
      ['b would have 8 partitions, which do not divide the 12 of a'],
    ]);
  });
});
