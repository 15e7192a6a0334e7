import type { Connection } from '../../functions/database/connection.ts';
import { sqlStateOf } from '../../functions/database/errors.ts';
import { messageOf } from '../../functions/runtime/errors.ts';
import { CommandError } from '../support/command.ts';
import { remedyOf } from './remedy.ts';

/** Which days there shall be. */
export interface Days {
  /** How many days from tomorrow on are made ahead. */
  readonly ahead: number;
  /** How many days before today are kept; undefined: all. */
  readonly keep: number | undefined;
}

/** What it came to. */
export interface Partitions {
  readonly made: number;
  readonly dropped: number;
  /** The days that have a partition now, `YYYY-MM-DD`, in order. */
  readonly days: readonly string[];
  /** Rows that no day's partition takes: of days before those that were made. */
  readonly elsewhere: number;
}

/** Makes partitions from yesterday on, and drops those that are older than what is kept. Days are those of UTC. */
export async function arrangeDays({ client, server }: Connection, { ahead, keep }: Days): Promise<Partitions> {
  try {
    // A writer that holds the tables is waited for, and then left alone: this may be run again.
    await client.query("begin; set local lock_timeout = '5s'; set local timezone = 'UTC'");
    const made = await client.query('select ensure_days(current_date - 1, current_date + $1::int) as count', [ahead]);
    const dropped = keep === undefined ? 0 : await dropBefore(client, keep);
    await client.query('commit');
    const { rows } = await client.query(`select to_char(to_date(right(relname, 8), 'YYYYMMDD'), 'YYYY-MM-DD') as day
      from pg_inherits join pg_class on pg_class.oid = inhrelid
      where inhparent = 'snapshots'::regclass and relname ~ '_[0-9]{8}$' order by day`);
    const rest = await client.query("select to_regclass('snapshots_default') as name");
    const elsewhere = rest.rows[0].name === null ? 0 : await count(client, 'snapshots_default');
    return { made: Number(made.rows[0].count), dropped, days: rows.map(({ day }) => String(day)), elsewhere };
  } catch (error) {
    const isLocked = sqlStateOf(error) === '55P03';
    const remedy = isLocked
      ? 'a transaction holds the tables for long: run this again'
      : (remedyOf(error) ?? 'run npm run database -- migrate first');
    throw new CommandError(
      `The days of ${server} are as they were: ${messageOf(error).split('\n', 1)[0]}. To do: ${remedy}.`,
    );
  }
}

async function dropBefore(client: Connection['client'], keep: number): Promise<number> {
  const { rows } = await client.query('select drop_days(current_date - $1::int) as count', [keep]);
  return Number(rows[0].count);
}

async function count(client: Connection['client'], table: string): Promise<number> {
  const { rows } = await client.query(`select count(*)::int as count from ${table}`);
  return rows[0].count;
}
