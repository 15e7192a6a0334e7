import { messageOf } from '../../functions/runtime/errors.ts';
import { onPrimary } from '../database/on-primary.ts';

/** How far the tables of the local database may grow, and what is told when they have. */
export interface BoundOptions {
  readonly bytes: number;
  /** The first offsets of this run in the source topic, by partition number: those of its snapshots are counted. */
  readonly from: readonly number[];
  readonly onEvent: (text: string) => void;
}

/** Empties the tables when they have grown too large: a pipeline that is left alone must not fill the disk. */
export interface Bound {
  /** Looks at the size, and empties the tables when it is above the bound. */
  check(tableBytes: number): Promise<void>;
  /** Snapshots of this run that were stored, and are dropped by now. */
  readonly dropped: number;
}

/** A bound for the database that an environment names. */
export function createBound(env: NodeJS.ProcessEnv, { bytes, from, onEvent }: BoundOptions): Bound {
  let dropped = 0;
  let isBusy = false;
  return {
    get dropped() {
      return dropped;
    },
    async check(tableBytes) {
      if (isBusy || tableBytes <= bytes) return;
      isBusy = true;
      try {
        dropped += await emptied(env, from);
        const size = (tableBytes / 2 ** 30).toFixed(1);
        onEvent(`the database had grown to ${size} GB and was emptied (--database-gb): windows begin anew`);
      } catch (error) {
        onEvent(`the database is too large and could not be emptied: ${messageOf(error)}`);
      } finally {
        isBusy = false;
      }
    },
  };
}

/** How many snapshots there are from these offsets on, by partition number. */
export const countSql = `select count(*)::float8 as stored
  from unnest($1::bigint[]) with ordinality as start (first_offset, number)
  join snapshots on source_partition = number - 1 and source_offset >= first_offset`;

/** Nobody writes between the count and the end of what is counted. */
async function emptied(env: NodeJS.ProcessEnv, from: readonly number[]): Promise<number> {
  return await onPrimary(env, async ({ client }) => {
    await client.query("begin; set local lock_timeout = '2s'; lock table snapshots, snapshot_options");
    const { rows } = await client.query(countSql, [from]);
    await client.query('truncate snapshots, snapshot_options; commit');
    return Number(rows[0]?.stored ?? 0);
  });
}
