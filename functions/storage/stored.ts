import type { Session, Sql } from '../database/port.ts';
import { timeText } from '../market/micros.ts';
import type { Prepared } from './prepare.ts';

const keys =
  'unnest($1::bigint[], $2::date[], $3::timestamptz[]) with ordinality as k (symbol_id, expiry, snapshot_at, n)';
const sameKey = (table: string): string =>
  `(${table}.symbol_id, ${table}.expiry, ${table}.snapshot_at) = (k.symbol_id, k.expiry, k.snapshot_at)`;
/** With the bounds, the planner leaves out all other days before it begins. */
const inDays = (table: string): string => `${table}.snapshot_at between $4::timestamptz and $5::timestamptz`;

/**
 * Which of these snapshots are to be written: those that are not stored, and those whose source lies behind that of the
 * stored one, which is to be replaced by it. A late duplicate is neither.
 */
export async function compare(
  session: Session,
  prepared: readonly Prepared[],
): Promise<{ missing: Prepared[]; newer: Prepared[] }> {
  if (prepared.length === 0) return { missing: [], newer: [] };
  const { rows } = await session.query<{ n: number; partition: number; offset: number }>(
    withKeys(
      prepared,
      `select k.n, s.source_partition as partition, s.source_offset as offset
       from ${keys} join snapshots s on ${sameKey('s')} where ${inDays('s')}`,
    ),
  );
  const stored = new Map(rows.map((row) => [row.n - 1, row]));
  return {
    missing: prepared.filter((_, index) => !stored.has(index)),
    newer: prepared.filter(({ source }, index) => {
      const there = stored.get(index);
      return there !== undefined && there.partition === source.partition && there.offset < source.offset;
    }),
  };
}

/** Takes out snapshots with their options, for newer ones to take their places. */
export async function remove(session: Session, prepared: readonly Prepared[]): Promise<void> {
  for (const table of ['snapshot_options', 'snapshots']) {
    const text = `delete from ${table} t using ${keys} where ${sameKey('t')} and ${inDays('t')}`;
    await session.query(withKeys(prepared, text));
  }
}

/** Of several with one key, the one whose source is the last. */
export function latest(prepared: readonly Prepared[]): Prepared[] {
  const byKey = new Map<string, Prepared>();
  for (const one of prepared) {
    const key = `${one.symbolId} ${one.expiry} ${one.micros}`;
    const other = byKey.get(key);
    const isBehind = other?.source.partition === one.source.partition && other.source.offset < one.source.offset;
    if (other === undefined || isBehind) byKey.set(key, one);
  }
  if (byKey.size === prepared.length) return [...prepared];
  const kept = new Set(byKey.values());
  return prepared.filter((one) => kept.has(one));
}

function withKeys(prepared: readonly Prepared[], text: string): Sql {
  const micros = prepared.map((one) => one.micros);
  const bounds = [micros.reduce((a, b) => (a < b ? a : b)), micros.reduce((a, b) => (a > b ? a : b))];
  return {
    text,
    values: [
      prepared.map(({ symbolId }) => symbolId),
      prepared.map(({ expiry }) => expiry),
      micros.map(timeText),
      ...bounds.map(timeText),
    ],
  };
}
