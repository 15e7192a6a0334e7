import { createLogs, resultOf, windowsByHand } from '../../support/market.ts';
import type { EnrichedJson } from '../../support/snapshots.ts';
import type { SourceRecord } from '../work.ts';
import type { DatabaseCase } from './case.ts';
import { endsOf } from './inline.ts';

const window = 8;
const partitions = 4;
const perPartition = 40;
/** Of each partition so many are stored at first, and so many handed over. */
const storedAtFirst = [0, 5, 11, 24];
const handedOver = [24, 24, 24, 24];

/** Logs of symbols of their own, with snapshots that come late: their windows reach back further than their neighbours'. */
const logs = createLogs(partitions, {
  ...{ count: perPartition, symbols: 2, expiries: ['2026-12-31'] },
  ...{ endsAtMs: Date.now(), stepMs: 200, latePercent: 20 },
});

const badValues = ['no JSON', '{"hello":"world"}', '{}'];

/** The log's records; behind those that are handed over at first, one that is bad before each third. */
const records = logs.flatMap((log, partition) =>
  log.flatMap(({ fields, record }, index): SourceRecord[] => {
    const key = Buffer.from(String(fields.symbolId));
    const one = { partition, key, value: record.value, headers: { source: String(record.headers.source) } };
    const value = badValues[index % badValues.length] ?? '';
    const isBad = index >= (handedOver[partition] ?? 0) && index % 3 === 0;
    return isBad ? [{ ...one, value: Buffer.from(value), headers: {} }, one] : [one];
  }),
);

const results = new Map(
  logs.flatMap((log, partition) => {
    const windows = windowsByHand(log, window, Number.POSITIVE_INFINITY);
    const texts = new Map(log.map((one, index) => [String(one.record.value), resultOf(one, windows[index] ?? [])]));
    return records
      .filter((record) => record.partition === partition)
      .flatMap(({ value }, offset): [string, string][] => {
        const text = texts.get(String(value));
        return text === undefined ? [] : [[`${partition}/${offset}`, text]];
      });
  }),
);

const common: Omit<DatabaseCase, 'name' | 'deliveries' | 'course'> = {
  ...{ functionName: 'analytics', partitions, outputPartitions: 2, deadLetterPartitions: 2, records, results },
  rows: logs.flat().map(({ record: { value, partition, offset } }) => {
    return { json: JSON.parse(String(value)) as EnrichedJson, source: { partition, offset } };
  }),
};

/** It waits for storage partition by partition, and a second delivery changes no byte. */
const behind: DatabaseCase = {
  ...{ ...common, name: 'analytics: storage is behind, and goes on; all of it again', short: true },
  ...{ deliveries: 2, mayDouble: true },
  // What a record needs is what lies before it: one more is done, where storage has been at all.
  standsAt: [0, 6, 12, 24],
  async course({ store, write, stands, done, again }) {
    await store(storedAtFirst);
    await write(handedOver);
    await stands(this.standsAt ?? []);
    await store(endsOf(this));
    await write(endsOf(this));
    await done();
    await again();
  },
};

/** No server answers, neither the replica nor the primary: nothing is a dead letter. */
const down: DatabaseCase = {
  ...{ ...common, name: 'analytics: databases that are down', deliveries: 1, standsAt: storedAtFirst },
  async course({ store, write, stands, done, servers }) {
    await store(endsOf(this));
    await write(storedAtFirst);
    await done();
    await servers.local.stopServer(2);
    await servers.local.stopServer(1);
    await write(handedOver);
    await stands(storedAtFirst);
    await servers.local.startServer(1);
    await servers.local.startServer(2);
    await write(endsOf(this));
    await done();
  },
};

const nothing: DatabaseCase = {
  ...{ ...common, name: 'analytics: an empty batch', records: [], results: new Map(), rows: [], deliveries: 1 },
  async course({ write, done }) {
    await write([]);
    await done();
  },
};

export const analyticsCases: readonly DatabaseCase[] = [behind, down, nothing];
