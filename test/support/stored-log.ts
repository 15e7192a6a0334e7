import type { Session } from '../../functions/database/port.ts';
import { sourceOf } from '../../functions/market/source.ts';
import type { InboundRecord } from '../../functions/runtime/contract.ts';
import { createRecord } from '../../functions/runtime/testing.ts';

/** What a test says of an enriched snapshot; the rest is filled in. */
export interface SnapshotFields {
  readonly symbolId: number;
  readonly expiry?: string;
  readonly timestamp: string | number;
  readonly spot: number;
  readonly atmIv?: number | null;
  readonly pcr?: number | null;
  readonly maxPain?: number | null;
  readonly netGex?: number | null;
  readonly oiChanges?: readonly (readonly [strike: number, type: 'CE' | 'PE', change: number | null])[];
}

const optionNumbers = [
  ...['ltp', 'bid', 'ask', 'volume', 'oi', 'iv', 'price', 'delta', 'gamma', 'theta', 'vega', 'rho'],
  ...['intrinsic', 'time_value', 'oi_pct', 'volume_pct'],
];
const nulls = (names: readonly string[]): Record<string, null> => Object.fromEntries(names.map((name) => [name, null]));

/** The value of a `market.enriched` record. */
export function enrichedMessage(fields: SnapshotFields): string {
  const { symbolId, expiry = '2026-12-31', timestamp, spot } = fields;
  const { atmIv = null, pcr = null, maxPain = null, netGex = null, oiChanges = [] } = fields;
  const context = ['spot_change', 'spot_change_pct', 'atm_strike', 'days_to_expiry', 'lot_size', 'total_call_oi'];
  const more = ['total_put_oi', 'total_call_volume', 'total_put_volume', 'pcr_ratio', 'max_pain_strike'];
  return JSON.stringify({
    ...{ symbol_id: symbolId, symbol: `S${symbolId}`, expiry, timestamp },
    context: { ...nulls([...context, ...more]), spot_price: spot, atm_iv: atmIv },
    options: oiChanges.map(([strike, option_type, oi_change]) => ({
      ...{ strike, option_type, ...nulls(optionNumbers) },
      ...{ iv_source: null, illiquid: false, oi_change, buildup_type: null },
    })),
    analyses: {
      ...{ pcr: { oi: pcr, volume: null }, max_pain: maxPain },
      gex: { ...nulls(['call', 'put', 'call_wall', 'put_wall', 'zero_gamma']), net: netGex },
      ...{ iv_skew: nulls(['put_iv', 'call_iv', 'skew']), futures_basis: null, vix_divergence: null },
    },
  });
}

/** Its record, as the processor writes it: the `source` header names the place it has in `market.raw`. */
export function enrichedRecord(fields: SnapshotFields, offset: number, sourceOffset = offset): InboundRecord {
  return createRecord({
    ...{ topic: 'market.enriched', partition: 7, offset },
    value: enrichedMessage(fields),
    headers: { source: Buffer.from(`market.raw/7/${sourceOffset}`) },
  });
}

/** Stores snapshots as rows, with statements of a test's own: what reads them is held to the tables, not to a writer. */
export async function insertSnapshots(
  session: Session,
  snapshots: readonly { readonly fields: SnapshotFields; readonly record: InboundRecord }[],
): Promise<void> {
  const all = snapshots.map(({ fields, record }) => ({ ...fields, source: sourceOf(record) }));
  const isoOf = ({ timestamp }: SnapshotFields): string =>
    typeof timestamp === 'number' ? new Date(timestamp).toISOString() : timestamp;
  await session.query({
    text: `insert into snapshots (symbol_id, expiry, snapshot_at, given_timestamp, source_partition, source_offset, symbol,
        spot_price, atm_iv, pcr_oi, max_pain, gex_net)
      select i, e, a, g, p, o, 'S' || i, s, v, c, m, x from unnest($1::bigint[], $2::date[], $3::timestamptz[], $4::text[],
        $5::int[], $6::bigint[], $7::float8[], $8::float8[], $9::float8[], $10::float8[], $11::float8[])
        as t (i, e, a, g, p, o, s, v, c, m, x) on conflict do nothing`,
    values: [
      all.map(({ symbolId }) => symbolId),
      all.map(({ expiry = '2026-12-31' }) => expiry),
      all.map(isoOf),
      all.map(({ timestamp }) => String(timestamp)),
      all.map(({ source }) => source.partition),
      all.map(({ source }) => source.offset),
      all.map(({ spot }) => spot),
      all.map(({ atmIv = null }) => atmIv),
      all.map(({ pcr = null }) => pcr),
      all.map(({ maxPain = null }) => maxPain),
      all.map(({ netGex = null }) => netGex),
    ],
  });
}

/** Says that storage has stored all before an offset. */
export async function storedUpTo(session: Session, nextOffset: number): Promise<void> {
  await session.query({
    text: `insert into partition_positions (group_id, topic, partition, next_offset, epoch)
      values ('storage-group', 'market.enriched', 7, $1, 0)
      on conflict (group_id, topic, partition) do update set next_offset = excluded.next_offset`,
    values: [nextOffset],
  });
}
