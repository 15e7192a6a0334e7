import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { partitionHash } from '../../../scripts/feed/partition.ts';
import type { FeedRecord } from '../../../scripts/feed/records.ts';
import { replaySource } from '../../../scripts/feed/replay.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'feed-replay-'));
});
afterAll(() => rm(dir, { recursive: true }));

/** All that a replay of `content` sends, pulled `max` at a time. */
async function replay(name: string, content: string | Uint8Array, max = 10): Promise<FeedRecord[]> {
  await writeFile(join(dir, name), content);
  const source = await replaySource(join(dir, name));
  const records: FeedRecord[] = [];
  for (let pulled = await source.pull(max, 0); pulled.length > 0; pulled = await source.pull(max, 0)) {
    expect(pulled.length).toBeLessThanOrEqual(max);
    records.push(...pulled);
  }
  await source.close();
  return records;
}

test('each line is a value with the key of its symbol_id, its bytes as they stand', async () => {
  const lines = ['{"symbol_id":13,"x":"\u20b9"}', '{ "symbol_id" : 25 }\r', '{"a":1,"symbol_id":0}'];

  const records = await replay('plain.ndjson', lines.join('\n'));

  expect(records.map(({ value }) => value?.toString())).toEqual(lines);
  expect(records.map(({ key }) => key?.toString())).toEqual(['13', '25', '0']);
  expect(records.map(({ partitionKey }) => partitionKey)).toEqual(
    ['13', '25', '0'].map((key) => partitionHash(Buffer.from(key))),
  );
  expect(records.every(({ poison }) => poison === null)).toBe(true);
});

test('a packed file of many chunks gives the same lines as the plain one', async () => {
  const lines = Array.from({ length: 5_000 }, (_, id) =>
    JSON.stringify({ symbol_id: id, filler: 'x'.repeat(id % 300) }),
  );
  const content = `${lines.join('\n')}\n`;

  const packed = await replay('many.ndjson.gz', gzipSync(content), 64);

  expect(packed.map(({ value }) => value?.toString())).toEqual(lines);
});

test('a line without a symbol_id goes as it is, without a key, and is poison; blank lines do not go', async () => {
  const invalid = Buffer.concat([Buffer.from('{"symbol_id": 1, "symbol": "'), Buffer.from([0xff]), Buffer.from('"')]);
  const bad = [
    '{"symbol_id": 13,',
    '[]',
    'null',
    '{"symbol_id":"13"}',
    '{"symbol_id":1e999}',
    '{"__proto__":{"symbol_id":1}}',
  ];

  const records = await replay('bad.ndjson', Buffer.concat([Buffer.from(`\n${bad.join('\n\r\n')}\n \n`), invalid]));

  expect(records.map(({ value }) => value)).toEqual([...bad.map((line) => Buffer.from(line)), invalid]);
  expect(records.every(({ key, poison }) => key === null && poison === 'replayed')).toBe(true);
  expect(records[0]?.partitionKey).toBe(partitionHash(Buffer.from('{"symbol_id": 13,')));
});

test('a missing file and a damaged one are told in a sentence', async () => {
  await expect(replaySource(join(dir, 'none.ndjson'))).rejects.toThrow(/there is none at '.*none\.ndjson'/);
  const damaged = gzipSync('{"symbol_id":1}\n'.repeat(100_000)).subarray(0, 200);
  await expect(replay('damaged.ndjson.gz', damaged)).rejects.toThrow(/Cannot read '.*damaged\.ndjson\.gz' to its end/);
});
