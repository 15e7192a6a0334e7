import { createSnapshots, type EnrichedJson } from '../../support/snapshots.ts';
import type { SourceRecord } from '../work.ts';
import type { DatabaseCase, StoredMessage } from './case.ts';
import { endsOf } from './inline.ts';

const next = createSnapshots({ contracts: 6, symbols: 6, seed: 11 });

/** A message as the processor writes it, with what a case changes about it. */
function message(changes: Partial<EnrichedJson> = {}): EnrichedJson {
  return { ...next().json, ...changes };
}

function record(partition: number, json: EnrichedJson, source: number, key: string | null = 'k'): SourceRecord {
  return raw(partition, Buffer.from(JSON.stringify(json)), source, key);
}

function raw(partition: number, value: Buffer | null, source: number, key: string | null = 'k'): SourceRecord {
  const headers = { source: `market.raw/${partition}/${source}`, trace: 'kept' };
  return { partition, key: key === null ? null : Buffer.from(key), value, headers };
}

/** Good ones of a partition, whose rows are due, from a place in `market.raw` on. */
function good(partition: number, count: number, from: number): { records: SourceRecord[]; rows: StoredMessage[] } {
  const list = Array.from({ length: count }, (_, index) => ({ json: message(), offset: from + index }));
  return {
    records: list.map(({ json, offset }) => record(partition, json, offset, `k${offset % 3}`)),
    rows: list.map(({ json, offset }) => ({ json, source: { partition, offset } })),
  };
}

/** One of each kind that is no row: the last one is told by the database, which holds no text with a zero byte. */
function bad(partition: number, from: number): SourceRecord[] {
  const json = message();
  const text = JSON.stringify(json);
  const values: (Buffer | null)[] = [
    ...[
      null,
      Buffer.alloc(0),
      Buffer.from('no JSON'),
      Buffer.from(text.slice(0, -1)),
      Buffer.from('{"a":"\xff"}', 'latin1'),
    ],
    ...[{}, [1], { hello: 'world' }, { ...json, expiry: '2026-02-30' }, { ...json, symbol_id: -1 }].map(bytesOf),
    ...[
      { ...json, options: [{ strike: 'x' }] },
      { ...json, analyses: { ...json.analyses, gex: { net: 'x' } } },
    ].map(bytesOf),
    bytesOf({ ...message(), symbol: 'A\u0000B' }),
  ];
  return values.map((value, index) => raw(partition, value, from + index, index % 4 === 0 ? null : `k${index}`));
}

function bytesOf(json: object): Buffer {
  return Buffer.from(JSON.stringify(json));
}

function rowsOf(partition: number, list: readonly (readonly [json: EnrichedJson, offset: number])[]): StoredMessage[] {
  return list.map(([json, offset]) => ({ json, source: { partition, offset } }));
}

/** What each partition of it holds: rows and what is none between them; duplicates, late and newer ones; odd messages. */
function mixed(): DatabaseCase {
  const [before, behind, apart] = [good(0, 9, 0), good(0, 6, 40), good(1, 9, 50)];
  const between = bad(0, 20).flatMap((one, index) => [one, record(0, message(), 100 + index)]);
  const goodBetween = between.flatMap((one, index): StoredMessage[] => {
    if (index % 2 === 0) return [];
    const offset = 100 + (index >> 1);
    return [{ json: JSON.parse(String(one.value)), source: { partition: 0, offset } }];
  });
  const [first, other, third] = [message(), message(), message()];
  const newer = { ...first, context: { ...first.context, spot_price: 2 }, options: first.options.slice(1) };
  const newest = { ...third, context: { ...third.context, spot_price: 3 } };
  const oddities = [
    message({ options: [] }),
    message({ timestamp: 1_764_134_123_456 }),
    message({ timestamp: '2020-02-29T10:00:00+05:30' }), // of no day that has a partition
    message({ expiry: '2027-01-28', symbol: 'Ünïcode 指数' }),
  ];
  const records = [
    ...[...before.records, ...between, ...behind.records],
    // Newer ones take the place of older ones, and a late duplicate never that of a newer one, wherever batches are cut.
    ...[record(1, first, 10), record(1, other, 11), record(1, newer, 12), record(1, first, 10), record(1, other, 11)],
    ...[record(1, newest, 14), record(1, third, 13), ...apart.records],
    ...[record(1, first, 10), record(1, newer, 12), record(1, third, 13)],
    ...oddities.map((json, index) => record(2, json, index, null)),
  ];
  return {
    ...{ name: 'storage: rows, bad records and duplicates; all of it again', functionName: 'storage', short: true },
    ...{ partitions: 3, deadLetterPartitions: 3, records, deliveries: 2, mayDouble: true },
    rows: [
      ...[...before.rows, ...goodBetween, ...behind.rows, ...apart.rows],
      ...rowsOf(1, [
        [newer, 12],
        [other, 11],
        [newest, 14],
      ]),
      ...rowsOf(
        2,
        oddities.map((json, index) => [json, index] as const),
      ),
    ],
    async course({ write, done, keepRows, again }) {
      await write(endsOf(this));
      await done();
      await keepRows();
      await again();
    },
  };
}

/** Another owner claims the partitions and goes; then the primary stops, and comes back. */
function troubled(): DatabaseCase {
  const [a, b] = [good(0, 24, 0), good(1, 24, 0)];
  const records = [...a.records, ...bad(0, 30), ...b.records];
  return {
    ...{ name: 'storage: claimed by another, and a database that is down', functionName: 'storage', short: true },
    ...{ partitions: 2, deadLetterPartitions: 1, records, deliveries: 1, rows: [...a.rows, ...b.rows] },
    standsAt: [16, 12],
    async course({ write, done, claim, stands, servers }) {
      await write([4, 3]);
      await done();
      await write([8, 6]); // under the claim that its first records have made
      await done();
      await claim();
      await write([16, 12]);
      await done();
      await servers.local.stopServer(1);
      await write(endsOf(this));
      await stands([16, 12]);
      await servers.local.startServer(1);
      await done();
    },
  };
}

/** More than a transaction takes, with bad ones among them. */
function many(): DatabaseCase {
  const parts = [0, 1, 2, 3].map((partition) => good(partition, 400, 0));
  const records = parts.flatMap((part, partition) => [
    ...part.records,
    ...bad(partition, 1_000),
    ...bad(partition, 2_000),
  ]);
  return {
    ...{ name: 'storage: many', functionName: 'storage' },
    ...{ partitions: 4, deadLetterPartitions: 2, records, deliveries: 1, rows: parts.flatMap(({ rows }) => rows) },
    async course({ write, done }) {
      await write(endsOf(this));
      await done();
    },
  };
}

/** A group that is there before its records. */
function nothing(): DatabaseCase {
  return {
    ...{ name: 'storage: an empty batch', functionName: 'storage', partitions: 2, deadLetterPartitions: 1 },
    ...{ records: [], deliveries: 1, rows: [] },
    async course({ write, done }) {
      await write([0, 0]);
      await done();
    },
  };
}

export const storageCases: readonly DatabaseCase[] = [mixed(), troubled(), many(), nothing()];
