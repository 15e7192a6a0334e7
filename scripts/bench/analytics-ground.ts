import { createAnalytics } from '../../functions/analytics/definition.ts';
import { readWindows } from '../../functions/analytics/read-windows.ts';
import type { Wanted } from '../../functions/analytics/windows.ts';
import type { Database, Session, Sql } from '../../functions/database/port.ts';

/** Stored snapshots: so many symbols and expiries, each with a snapshot a minute for the hours of a market, on days up to today. */
export interface Ground {
  readonly chains: number;
  readonly days: number;
  readonly minutes: number;
}

const never = new AbortController().signal;
const topic = 'market.enriched';
const place = { group: 'storage-group', topic, partition: 7 };
/** Of the chains of a symbol, the first. */
const firstExpiry = Date.parse('2027-01-28');
const expiriesOfSymbol = 4;

/** Writes the ground into the tables, in the order of time, as storage would have; other snapshots stay. */
export async function layGround(database: Database, { chains, days, minutes }: Ground): Promise<void> {
  const text = `insert into snapshots (symbol_id, expiry, snapshot_at, source_partition, source_offset, symbol, given_timestamp,
      spot_price, spot_change, spot_change_pct, atm_strike, atm_iv, days_to_expiry, lot_size, total_call_oi, total_put_oi,
      total_call_volume, total_put_volume, pcr_ratio, max_pain_strike, pcr_oi, pcr_volume, max_pain, gex_net, gex_call, gex_put,
      gex_call_wall, gex_put_wall, gex_zero_gamma, skew_put_iv, skew_call_iv, iv_skew, basis, basis_pct, fair_value,
      mispricing, annualised_pct, vix_divergence)
    select 1 + c / ${expiriesOfSymbol}, date '2027-01-28' + 28 * (c % ${expiriesOfSymbol}), at, 7, minute * $2 + c, 'SYMBOL' || c,
      to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), round((24000 + 100 * random())::numeric, 2), 1.5, 0.1, 24000,
      case when random() < 0.9 then round((10 + 5 * random())::numeric, 4) end, 3.208333, 75, 1e6, 1e6, 1e6, 1e6, 0.81, 24100,
      round(random()::numeric, 4), 0.75, 24000 + 50 * (10 * random())::int, round((1e9 * random())::numeric, 2), 1e9, -1e9,
      24500, 23800, 24020.5, 15.1, 12.2, 2.9, 54.5, 0.2261, 24119.2, 40.8, 9.1, -0.7
    from generate_series(0, $3::int - 1) minute, generate_series(0, $2::int - 1) c,
      lateral (select $1::timestamptz + minute * interval '1 minute' + c * interval '1 millisecond' as at) t`;
  const day = (index: number): string => new Date(startMs() - (days - 1 - index) * 86_400_000).toISOString();
  const write = (sql: Sql): Promise<unknown> => database.write((session) => session.query(sql), { signal: never });
  await write({ text: "select ensure_days((now() - interval '8 days')::date, current_date)" });
  for (let index = 0; index < days; index += 1) await write({ text, values: [day(index), chains, minutes] });
  await write({
    text: `insert into partition_positions (group_id, topic, partition, next_offset, epoch) values ($1, $2, $3, $4, 0)
      on conflict (group_id, topic, partition) do update set next_offset = excluded.next_offset`,
    values: [place.group, topic, place.partition, 1e12],
  });
}

/** 03:45 of today, by UTC: when the market opens. */
function startMs(): number {
  return Math.floor(Date.now() / 86_400_000) * 86_400_000 + 13_500_000;
}

/** Snapshots that come next, of so many chains in turns. */
export function comingSnapshots(count: number, chains: number, { minutes }: Ground): Wanted[] {
  return Array.from({ length: count }, (_, index) => {
    const chain = index % chains;
    return {
      ...{ index, offset: 1_000 + index, symbolId: 1 + Math.floor(chain / expiriesOfSymbol) },
      expiry: new Date(firstExpiry + 28 * 86_400_000 * (chain % expiriesOfSymbol)).toISOString().slice(0, 10),
      micros: BigInt(startMs() + minutes * 60_000 + index) * 1_000n,
      source: { partition: 7, offset: 1e12 + index },
    };
  });
}

/** Reads windows as the function does, and gives the statements that it took: what is explained is what is sent. */
export async function readAsAnalytics(
  database: Database,
  wanted: readonly Wanted[],
): Promise<{ windows: Awaited<ReturnType<typeof readWindows>>; statements: Sql[] }> {
  const statements: Sql[] = [];
  const noting = (session: Session): Session => ({
    ...session,
    query(sql) {
      statements.push(sql);
      return session.query(sql);
    },
  });
  const through: Database = { ...database, read: (work, options) => database.read((s) => work(noting(s)), options) };
  const source = {
    ...createAnalytics(through, {}),
    positions: { reached: async () => true, forget: () => undefined },
  };
  return { windows: await readWindows(wanted, place, source, never), statements };
}

/** What a server says of a statement that it has run. */
export interface Explained {
  /** From the statement to the last byte of its answer: planned, run and put into bytes. */
  readonly ms: number;
  /** Pages of 8 KB. */
  readonly pages: number;
  readonly plan: string;
}

/** Runs a statement for its plan, where windows are read. */
export async function explain(database: Database, { text, values }: Sql): Promise<Explained> {
  const explained = { text: `explain (analyze, buffers, timing off, serialize text, format json) ${text}` };
  const { rows } = await database.read(
    (session) => session.query<{ 'QUERY PLAN': [Answer] }>({ ...explained, ...(values && { values }) }),
    { signal: never },
  );
  const [answer] = (rows[0] as (typeof rows)[number])['QUERY PLAN']; // there is one
  const { 'Shared Hit Blocks': hit, 'Shared Read Blocks': read } = answer.Plan;
  return {
    ms: answer['Planning Time'] + answer['Execution Time'],
    pages: hit + read,
    plan: JSON.stringify(answer.Plan),
  };
}

interface Answer {
  readonly 'Planning Time': number;
  readonly 'Execution Time': number;
  readonly Plan: { readonly 'Shared Hit Blocks': number; readonly 'Shared Read Blocks': number };
}
