import type { Database } from '../../functions/database/port.ts';
import type { LogLine } from './instance.ts';

// Who guards storage's promises while they are kept: a trigger notes each change of a position, in its own transaction. So
// what was rolled back is not noted, and rows can be held to the transactions that wrote them (`xmin`).

/** A position as it was written. */
export interface Claim {
  readonly atMs: number;
  /** The user who wrote it: tests give each writer one of its own. */
  readonly writer: string;
  /** The transaction. */
  readonly xid: number;
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: number;
  readonly epoch: number;
}

/** A snapshot's place, and the transaction that wrote its row. */
interface WrittenRow {
  readonly name: string;
  readonly xid: number;
  readonly partition: number;
  readonly offset: number;
}

const never = new AbortController().signal;

/** Notes from now on what is written to the positions. */
export async function watchClaims(database: Database): Promise<void> {
  const statements = [
    `create table claims (n bigserial primary key, at timestamptz not null default clock_timestamp(), writer text not null,
       xid bigint not null, topic text not null, partition int not null, next_offset bigint not null, epoch bigint not null)`,
    'grant all on claims, claims_n_seq to public',
    `create function note_claim() returns trigger language plpgsql as $$ begin
       insert into claims (writer, xid, topic, partition, next_offset, epoch) values
         (session_user, pg_current_xact_id()::text::bigint, new.topic, new.partition, new.next_offset, new.epoch);
       return null; end $$`,
    `create trigger note_claim after insert or update on partition_positions for each row execute function note_claim()`,
  ];
  for (const text of statements) await database.write((session) => session.query({ text }), { signal: never });
}

/** All that was noted, in the order in which each partition's was written. */
export async function readClaims(database: Database): Promise<readonly Claim[]> {
  const text = `select (date_part('epoch', at) * 1000)::float8 as "atMs", writer, xid, topic, partition,
    next_offset as "nextOffset", epoch from claims order by n`;
  const { rows } = await database.read((session) => session.query<Claim>({ text }), { signal: never, maxLagMs: 0 });
  return rows;
}

/** The snapshots that are stored, each with the transaction that wrote it. */
export async function readWriters(database: Database): Promise<readonly WrittenRow[]> {
  const text = `select symbol_id || ' ' || expiry || ' ' || given_timestamp as name, xmin::text::bigint as xid,
    source_partition as partition, source_offset as "offset" from snapshots order by 1`;
  const { rows } = await database.read((session) => session.query<WrittenRow>({ text }), {
    signal: never,
    maxLagMs: 0,
  });
  return rows;
}

/** What no sound storage does: move on under another's claim, give up a claim, write rows apart from the position. */
export function claimProblems(claims: readonly Claim[], rows: readonly WrittenRow[]): string[] {
  const found: string[] = [];
  for (const list of Map.groupBy(claims, ({ topic, partition }) => `${topic}/${partition}`).values()) {
    // A transaction may begin with the claim of another, to lock it: what it leaves counts.
    const left = list.filter(({ xid }, index) => list[index + 1]?.xid !== xid);
    for (const [index, claim] of left.entries()) {
      const before = left[index - 1] ?? claim;
      const place = `${claim.topic}/${claim.partition}`;
      if (claim.epoch < before.epoch) found.push(`${place}: claim ${claim.epoch} after ${before.epoch}`);
      if (claim.epoch !== before.epoch || claim.writer === before.writer) continue;
      found.push(`${place}: ${claim.writer} wrote under claim ${claim.epoch}, which is ${before.writer}'s`);
    }
  }
  const transactions = new Set(claims.map(({ xid }) => xid));
  const apart = rows.filter(({ xid }) => !transactions.has(xid));
  if (apart.length > 0) found.push(`${apart.length} rows were written apart from any position: ${apart[0]?.name}`);
  return found;
}

/**
 * Who wrote in the name of a partition that was another's by then: `logs` has the lines of each writer, which say when it was
 * assigned what. The last one that was assigned a partition is its owner.
 */
export function intrusions(claims: readonly Claim[], logs: ReadonlyMap<string, readonly LogLine[]>): string[] {
  const assignments = [...logs].flatMap(([writer, lines]) =>
    lines
      .filter(({ msg }) => msg.startsWith('Assigned partitions: '))
      .map(({ time, partitions }) => ({ writer, atMs: Date.parse(String(time)), partitions: partitions as number[] })),
  );
  const found = claims.flatMap(({ atMs, writer, partition, epoch }) => {
    const owner = assignments
      .filter((one) => one.atMs <= atMs && one.partitions.includes(partition))
      .reduce((a, b) => (a.atMs > b.atMs ? a : b), { writer: '', atMs: 0, partitions: [] });
    return owner.writer === writer
      ? []
      : [`${writer} wrote in partition ${partition} (claim ${epoch}), ${owner.writer}'s`];
  });
  return [...new Set(found)].slice(0, 10);
}
