import type { Session, Sql } from '../database/port.ts';
import { timeText } from '../market/micros.ts';
import type { End, Past } from './past.ts';

/** A snapshot that was read as part of a range, and is asked for by its key. */
export interface Key {
  readonly symbolId: number;
  readonly expiry: string;
  readonly past: Past;
}

interface Row {
  readonly n: number;
  readonly offset: number;
  readonly timestamp: string;
  readonly pcr: number | null;
  readonly pain: number | null;
  readonly gex: number | null;
}

/** A look at the primary key each, in the one partition of its day. */
const text = `
select k.n, s.*
from unnest($1::bigint[], $2::date[], $3::timestamptz[]) with ordinality as k (symbol_id, expiry, at, n)
cross join lateral (
  select source_offset as offset, given_timestamp as timestamp, pcr_oi as pcr, max_pain as pain, gex_net as gex
  from snapshots
  where symbol_id = k.symbol_id and expiry = k.expiry and snapshot_at = k.at
    and snapshot_at between $4::timestamptz and $5::timestamptz
  limit 1
) s`;

/** The statement that reads the ends of windows. */
export function endsSql(keys: readonly Key[]): Sql {
  const micros = keys.map(({ past }) => past.micros);
  const bounds = [micros.reduce((a, b) => (a < b ? a : b)), micros.reduce((a, b) => (a > b ? a : b))];
  return {
    text,
    values: [
      keys.map(({ symbolId }) => symbolId),
      keys.map(({ expiry }) => expiry),
      micros.map(timeText),
      ...bounds.map(timeText),
    ],
  };
}

/**
 * Reads the ends of windows. `undefined` when one of them is not any more what was read of it: it has been replaced, or its
 * day was dropped, between the two statements.
 */
export async function readEnds(session: Session, keys: readonly Key[]): Promise<ReadonlyMap<Past, End> | undefined> {
  const ends = new Map<Past, End>();
  if (keys.length === 0) return ends;
  const { rows } = await session.query<Row>(endsSql(keys));
  for (const { n, offset, timestamp, pcr, pain, gex } of rows) {
    const past = keys[n - 1]?.past;
    if (past === undefined || offset !== (past.offset < 0 ? -1 - past.offset : past.offset)) return undefined;
    const given = /^-?\d+$/.test(timestamp) ? Number(timestamp) : timestamp;
    ends.set(past, { timestamp: given, pcr, maxPain: pain, netGex: gex });
  }
  return ends.size === keys.length ? ends : undefined;
}
