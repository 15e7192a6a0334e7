import type { Database } from '../../functions/database/port.ts';
import type { EnrichedJson } from './snapshots.ts';

const never = new AbortController().signal;

type Row = Readonly<Record<string, unknown>>;

/** A snapshot as it is in the tables. */
export interface Stored {
  readonly snapshot: Row;
  readonly options: readonly Row[];
}

/** All that is stored, by `symbol_id expiry given_timestamp`; several with one such name are a mistake, and thrown. */
export async function readStored(database: Database): Promise<Map<string, Stored>> {
  return await database.read(
    async (session) => {
      const snapshots = await session.query<Row>({ text: 'select * from snapshots' });
      const options = await session.query<Row>({
        text: 'select * from snapshot_options order by symbol_id, expiry, snapshot_at, strike, option_type',
      });
      const place = (row: Row): string => `${row.symbol_id} ${row.expiry} ${(row.snapshot_at as Date).toISOString()}`;
      const byPlace = Map.groupBy(options.rows, place);
      const stored = new Map<string, Stored>();
      for (const snapshot of snapshots.rows) {
        const name = `${snapshot.symbol_id} ${snapshot.expiry} ${snapshot.given_timestamp}`;
        if (stored.has(name)) throw new Error(`${name} is stored twice`);
        stored.set(name, { snapshot, options: byPlace.get(place(snapshot)) ?? [] });
        byPlace.delete(place(snapshot));
      }
      if (byPlace.size > 0) throw new Error(`options of no snapshot: ${[...byPlace.keys()].join(', ')}`);
      return stored;
    },
    { signal: never, maxLagMs: 0 },
  );
}

export function nameOf({ symbol_id: id, expiry, timestamp }: EnrichedJson): string {
  return `${id} ${expiry} ${timestamp}`;
}

/** What the tables must hold of a message: the contract's fields by the columns' names, each bit the same. */
export function expectedOf({ symbol_id, symbol, expiry, timestamp, context, options, analyses }: EnrichedJson): Stored {
  const at = new Date(timestamp);
  const { pcr, gex, iv_skew: skew, futures_basis: basis } = analyses;
  return {
    snapshot: {
      ...{ symbol_id, symbol, expiry, snapshot_at: at, given_timestamp: String(timestamp) },
      ...context,
      ...{ pcr_oi: pcr.oi, pcr_volume: pcr.volume, max_pain: analyses.max_pain },
      ...Object.fromEntries(Object.entries(gex).map(([name, value]) => [`gex_${name}`, value])),
      ...{ skew_put_iv: skew.put_iv, skew_call_iv: skew.call_iv, iv_skew: skew.skew },
      ...(basis ?? { basis: null, basis_pct: null, fair_value: null, mispricing: null, annualised_pct: null }),
      vix_divergence: analyses.vix_divergence,
    },
    options: options.map((option) => ({ symbol_id, expiry, snapshot_at: at, ...option })),
  };
}

/** What differs between the tables and these messages, one line each; at most ten. */
export function differences(stored: ReadonlyMap<string, Stored>, messages: readonly EnrichedJson[]): string[] {
  const found: string[] = [];
  const expected = new Map(messages.map((json) => [nameOf(json), expectedOf(json)]));
  for (const name of stored.keys()) if (!expected.has(name)) found.push(`${name} is stored, and was never written`);
  for (const [name, { snapshot, options }] of expected) {
    const there = stored.get(name);
    if (there === undefined) {
      found.push(`${name} is missing`);
      continue;
    }
    const { source_partition: _p, source_offset: _o, ...rest } = there.snapshot;
    found.push(...fieldDifferences(name, rest, snapshot));
    if (there.options.length !== options.length) found.push(`${name} has ${there.options.length} options`);
    for (const [index, option] of options.entries()) {
      found.push(...fieldDifferences(`${name} options[${index}]`, there.options[index] ?? {}, option));
    }
  }
  return found.slice(0, 10);
}

function fieldDifferences(name: string, there: Row, expected: Row): string[] {
  const fields = new Set([...Object.keys(there), ...Object.keys(expected)]);
  return [...fields]
    .filter((field) => !isSame(there[field], expected[field]))
    .map((field) => `${name}: ${field} is ${String(there[field])}, not ${String(expected[field])}`);
}

function isSame(a: unknown, b: unknown): boolean {
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  return Object.is(a, b);
}
