import type { Buffer } from 'node:buffer';
import type { Session, Sql } from '../database/port.ts';
import { timeText } from '../market/micros.ts';
import type { Past } from './past.ts';
import type { Range } from './windows.ts';

/** A partition of a topic, as storage reads it. */
export interface StoragePlace {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
}

/** What one statement saw: where storage stands, and what is stored in each range, the oldest first. */
export interface Ranges {
  /** The offset that storage stores next; `undefined` when it has not been here yet. */
  readonly nextOffset: number | undefined;
  /** `undefined` when storage has not come as far as was asked: then nothing was read. */
  readonly stored: readonly (readonly Past[])[] | undefined;
}

/** A range, with a column of all its snapshots in each field: the latest first, eight bytes each, null of none. */
interface Row {
  readonly nextOffset: number | null;
  readonly n: number | null;
  readonly times: Buffer | null;
  readonly offsets: Buffer | null;
  readonly spots: Buffer | null;
  readonly volatilities: Buffer | null;
}

/**
 * The position and the ranges are of one statement, so of one moment: what is below the position is among the rows. Each range
 * is read backwards along the primary key of the days it lies in, which holds all that is read: the rows themselves lie on a
 * page each. $12 and $13 bound all of them: days outside are left out before any work is done, and with them the default
 * partition, so that a day is only begun once the one after it did not suffice. Numbers go as bytes: as text, and as a row
 * each, they would cost the server and us more than it takes to find them.
 */
const text = `
select p."nextOffset", w.*
from (select max(next_offset) as "nextOffset" from partition_positions
  where group_id = $1 and topic = $2 and partition = $3) p
left join lateral (
  select r.n, s.*
  from unnest($5::bigint[], $6::date[], $7::timestamptz[], $8::timestamptz[], $9::int[], $10::bigint[], $11::int[])
    with ordinality as r (symbol_id, expiry, since, until, source_partition, source_offset, most, n)
  cross join lateral (
    select string_agg(timestamptz_send(at), '') as times, string_agg(int8send(source), '') as offsets,
      string_agg(float8send(spot), '') as spots, string_agg(float8send(iv), '') as volatilities
    from (
      select snapshot_at as at, spot_price as spot, coalesce(atm_iv, 'NaN') as iv,
        case when source_partition = r.source_partition then source_offset else -1 - source_offset end as source
      from snapshots
      where symbol_id = r.symbol_id and expiry = r.expiry and snapshot_at >= r.since and snapshot_at < r.until
        and snapshot_at >= $12::timestamptz and snapshot_at < $13::timestamptz
        and not (source_partition = r.source_partition and source_offset >= r.source_offset)
      order by snapshot_at desc limit r.most
    ) t
  ) s
  where p."nextOffset" >= $4
) w on true`;

/** From 1970-01-01 to 2000-01-01, where PostgreSQL counts from. */
const epochMicros = 946_684_800_000_000n;

/** The statement that reads ranges, if storage has stored all before an offset. */
export function rangesSql({ group, topic, partition }: StoragePlace, needed: number, ranges: readonly Range[]): Sql {
  const from = ranges.map((range) => range.from).reduce((a, b) => (a < b ? a : b));
  const to = ranges.map((range) => range.to).reduce((a, b) => (a > b ? a : b));
  return {
    text,
    values: [
      ...[group, topic, partition, needed],
      ranges.map(({ symbolId }) => symbolId),
      ranges.map(({ expiry }) => expiry),
      ranges.map((range) => timeText(range.from)),
      ranges.map((range) => timeText(range.to)),
      ranges.map((range) => range.partition),
      ranges.map(({ before }) => before ?? Number.MAX_SAFE_INTEGER),
      ranges.map(({ most }) => most),
      ...[timeText(from), timeText(to)],
    ],
  };
}

/** Reads ranges, if storage has stored all before an offset. */
export async function readRanges(
  session: Session,
  place: StoragePlace,
  needed: number,
  ranges: readonly Range[],
): Promise<Ranges> {
  const { rows } = await session.query<Row>(rangesSql(place, needed, ranges));
  const nextOffset = rows[0]?.nextOffset ?? undefined;
  if (nextOffset === undefined || nextOffset < needed) return { nextOffset, stored: undefined };
  const stored: Past[][] = ranges.map(() => []);
  for (const row of rows) if (row.n !== null) stored[row.n - 1] = pastsOf(row);
  return { nextOffset, stored };
}

function pastsOf({ times, offsets, spots, volatilities }: Row): Past[] {
  const pasts: Past[] = [];
  if (times === null || offsets === null || spots === null || volatilities === null) return pasts;
  for (let at = times.length - 8; at >= 0; at -= 8) {
    const iv = volatilities.readDoubleBE(at);
    pasts.push({
      micros: times.readBigInt64BE(at) + epochMicros,
      offset: integerAt(offsets, at),
      spot: spots.readDoubleBE(at),
      atmIv: Number.isNaN(iv) ? null : iv,
    });
  }
  return pasts;
}

/** Exact up to 2^53, as offsets are. */
function integerAt(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
