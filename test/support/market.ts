import { analyse } from '../../functions/analytics/analyse.ts';
import type { End, Past, Window } from '../../functions/analytics/past.ts';
import { decodeEnriched } from '../../functions/market/enriched.ts';
import { sourceOf } from '../../functions/market/source.ts';
import type { InboundRecord } from '../../functions/runtime/contract.ts';
import { enrichedRecord, type SnapshotFields } from './stored-log.ts';

/** A snapshot, and its record in the log. */
export interface Logged {
  readonly fields: SnapshotFields;
  readonly record: InboundRecord;
  readonly atMs: number;
}

export interface MarketOptions {
  readonly count: number;
  readonly symbols: number;
  readonly expiries: readonly string[];
  readonly endsAtMs: number;
  /** Between two snapshots of the log. */
  readonly stepMs: number;
  /** How many of a hundred come late: their time lies before that of snapshots that stand before them in the log. */
  readonly latePercent?: number;
}

/** A stream of pseudo-random numbers from 0 to 1: the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A log of snapshots of a partition: prices that wander, volatilities that are not always known. */
export function createMarket(options: MarketOptions): Logged[] {
  const { count, symbols, expiries, endsAtMs, stepMs, latePercent = 0 } = options;
  const random = randomFrom(7);
  const taken = new Set<string>();
  const log: Logged[] = [];
  for (let offset = 0; offset < count; offset += 1) {
    const symbolId = 1 + Math.floor(random() * symbols);
    const expiry = expiries[Math.floor(random() * expiries.length)] ?? '';
    const isLate = random() * 100 < latePercent;
    let atMs = endsAtMs - (count - offset) * stepMs - (isLate ? Math.floor(random() * 40) * stepMs : 0);
    while (taken.has(`${symbolId} ${expiry} ${atMs}`)) atMs += 1; // a time of a symbol and expiry is its key
    taken.add(`${symbolId} ${expiry} ${atMs}`);
    const fields = {
      ...{ symbolId, expiry, timestamp: offset % 3 === 0 ? atMs : new Date(atMs).toISOString() },
      spot: Math.round((100 + random()) * symbolId * 2_000) / 20,
      atmIv: random() < 0.1 ? null : Math.round(random() * 1e5) / 1e4,
      pcr: Math.round(random() * 2e4) / 1e4,
      maxPain: 50 * Math.floor(random() * 400),
      netGex: Math.round((random() - 0.5) * 1e12) / 100,
      oiChanges: [[24_000, 'CE', Math.floor(random() * 1e5)]] as const,
    };
    log.push({ fields, atMs, record: enrichedRecord(fields, offset) });
  }
  return log;
}

/** Logs of so many partitions, of symbols of their own, whose records say where they come from, as the processor's do. */
export function createLogs(partitions: number, options: MarketOptions): Logged[][] {
  return Array.from({ length: partitions }, (_, partition) =>
    createMarket(options).map((one): Logged => {
      const fields = { ...one.fields, symbolId: one.fields.symbolId + 10 * partition };
      const value = Buffer.from(String(one.record.value).replace(/"symbol_id":\d+/, `"symbol_id":${fields.symbolId}`));
      const headers = { source: Buffer.from(`market.raw/${partition}/${one.record.offset}`) };
      return { ...one, fields, record: { ...one.record, partition, value, headers } };
    }),
  );
}

/** The log before each snapshot, as the contract has it: those of its symbol and expiry, earlier in time and in the log. */
export function windowsByHand(log: readonly Logged[], most: number, lookbackMs: number): Logged[][] {
  return log.map((one, index) =>
    log
      .slice(0, index)
      .filter(({ fields }) => fields.symbolId === one.fields.symbolId && fields.expiry === one.fields.expiry)
      .filter(({ atMs }) => atMs < one.atMs && atMs >= one.atMs - lookbackMs)
      .toSorted((a, b) => a.atMs - b.atMs)
      .slice(-most),
  );
}

/** The result that a snapshot with this window has. The arithmetic itself is held to another implementation's. */
export function resultOf({ record }: Logged, window: readonly Logged[]): string {
  return analyse(
    decodeEnriched(record.value),
    windowOf(
      window.map(({ record: past, fields, atMs }) => ({
        ...{
          micros: BigInt(atMs) * 1_000n,
          timestamp: fields.timestamp,
          offset: sourceOf(past).offset,
          spot: fields.spot,
        },
        ...{ atmIv: fields.atmIv ?? null, pcr: fields.pcr ?? null, maxPain: fields.maxPain ?? null },
        netGex: fields.netGex ?? null,
      })),
    ),
  );
}

/** A window of snapshots of which all is known. */
export function windowOf(past: readonly (Past & End)[]): Window {
  return { past, first: past[0], last: past.at(-1) };
}
