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

interface Row {
  readonly nextOffset: number | null;
  readonly n: number | null;
  readonly micros: number;
  readonly timestamp: string;
  readonly partition: number;
  readonly offset: number;
  readonly spot: number;
  readonly iv: number | null;
  readonly pcr: number | null;
  readonly pain: number | null;
  readonly gex: number | null;
}

/**
 * The position and the ranges are of one statement, so of one moment: what is below the position is among the rows. Each range
 * is read backwards along the primary key of the days it lies in. $12 and $13 bound all of them: days outside are left
 * out before any work is done.
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
    select (date_part('epoch', snapshot_at) * 1000000)::bigint as micros, given_timestamp as timestamp,
      source_partition as partition, source_offset as offset, spot_price as spot, atm_iv as iv, pcr_oi as pcr,
      max_pain as pain, gex_net as gex
    from snapshots
    where symbol_id = r.symbol_id and expiry = r.expiry and snapshot_at >= r.since and snapshot_at < r.until
      and snapshot_at >= $12::timestamptz and snapshot_at < $13::timestamptz
      and not (source_partition = r.source_partition and source_offset >= r.source_offset)
    order by snapshot_at desc limit r.most
  ) s
  where p."nextOffset" >= $4
) w on true`;

/** Nobody's partition: a range that leaves out nothing. */
const nobody = -1;

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
      ranges.map(({ before }) => before?.partition ?? nobody),
      ranges.map(({ before }) => before?.offset ?? 0),
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
  for (const row of rows) if (row.n !== null) stored[row.n - 1]?.push(pastOf(row));
  for (const list of stored) list.sort((a, b) => a.micros - b.micros);
  return { nextOffset, stored };
}

function pastOf({ micros, timestamp, partition, offset, spot, iv, pcr, pain, gex }: Row): Past {
  return {
    micros,
    timestamp: /^-?\d+$/.test(timestamp) ? Number(timestamp) : timestamp,
    source: { partition, offset },
    ...{ spot, atmIv: iv, pcr, maxPain: pain, netGex: gex },
  };
}
