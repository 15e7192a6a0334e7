import kafkajs from 'kafkajs';
import { expect, test } from 'vitest';
import { partitionHash } from '../../../scripts/feed/partition.ts';

// From Kafka's own UtilsTest.testMurmur2, made positive as its partitioner does.
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('%s hashes as Java hashes it', (text, hash) => {
  expect(partitionHash(Buffer.from(text))).toBe(hash & 0x7fffffff);
});

test('symbol ids land where the Java-compatible partitioner of the client puts them', () => {
  const partitionMetadata = Array.from({ length: 60 }, (_, partitionId) => ({
    ...{ partitionErrorCode: 0, partitionId, leader: 1, replicas: [1], isr: [1] },
  }));
  const partitioner = kafkajs.Partitioners.DefaultPartitioner();
  for (let id = 0; id < 20_000; id += 7) {
    const key = Buffer.from(String(id));
    const expected = partitioner({ topic: 'market.raw', partitionMetadata, message: { key, value: null } });
    expect(partitionHash(key) % 60).toBe(expected);
  }
});
