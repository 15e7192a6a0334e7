import { CommandError } from '../support/command.ts';
import type { PartitionLook } from '../support/kafka/group-look.ts';
import { count, printable } from '../support/words.ts';
import type { Destination } from './destination.ts';
import type { OffsetRow } from './offsets-file.ts';

/** What becomes of one partition. */
export interface Move {
  readonly partition: number;
  /** The committed offset; null where there is none. */
  readonly from: number | null;
  /** null: the commit is taken away. */
  readonly to: number | null;
  /** Records that will be handled again, and that will never be handled. */
  readonly replayed: number;
  readonly skipped: number;
  readonly note?: string;
}

/** What a change of offsets comes to. */
export interface OffsetsPlan {
  /** Of all partitions asked for, in order. */
  readonly moves: readonly Move[];
  readonly replayed: number;
  readonly skipped: number;
  /** Records that will wait for the group afterwards, in these partitions. */
  readonly waiting: number;
}

/** What was looked up for a destination: by time, from the brokers; of a file, its rows for this topic. */
export interface Lookup {
  readonly times?: ReadonlyMap<number, number | undefined>;
  readonly rows?: readonly OffsetRow[];
}

interface Aim {
  readonly to: number | null;
  readonly note?: string;
}

/**
 * The difference for each partition.
 * @throws CommandError when offsets of a file are not in their partitions, or the group is not where it was: each named
 */
export function planOffsets(
  topic: string,
  looks: readonly PartitionLook[],
  destination: Destination,
  lookup: Lookup = {},
): OffsetsPlan {
  if (destination.kind === 'file' && !destination.undo) refuseUnfit(topic, looks, lookup.rows ?? []);
  const moves = looks.map((look): Move => {
    const { to, note } = aimOf(look, destination, lookup);
    const notes = [...strange(look), ...(note === undefined ? [] : [note])];
    const [at, then] = [positionOf(look, look.committed), positionOf(look, to)];
    return {
      ...{ partition: look.partition, from: look.committed, to },
      replayed: Math.max(0, at - then),
      skipped: Math.max(0, then - at),
      ...(notes.length > 0 ? { note: notes.join('; ') } : {}),
    };
  });
  const sum = (value: (move: Move, index: number) => number) =>
    moves.reduce((total, move, index) => total + value(move, index), 0);
  return {
    moves,
    replayed: sum(({ replayed }) => replayed),
    skipped: sum(({ skipped }) => skipped),
    waiting: sum(({ to }, index) => {
      const look = looks[index];
      return look ? look.end - positionOf(look, to) : 0;
    }),
  };
}

/** Where reading begins: without a commit, and from one that the topic does not hold any more, at the earliest. */
function positionOf({ low, end }: PartitionLook, offset: number | null): number {
  return Math.min(end, Math.max(low, offset ?? low));
}

function strange({ committed, low, end }: PartitionLook): string[] {
  if (committed === null) return ['no commit yet'];
  if (committed < low) return [`its commit is deleted, the first record is ${low}`];
  return committed > end ? [`its commit is beyond the end, ${end}`] : [];
}

function aimOf(look: PartitionLook, destination: Destination, { times, rows }: Lookup): Aim {
  const { partition, low, end } = look;
  switch (destination.kind) {
    case 'latest':
      return { to: end };
    case 'earliest':
      return { to: low };
    case 'time': {
      const found = times?.get(partition);
      return found === undefined ? { to: end, note: 'no record is as late: the end' } : { to: found };
    }
    case 'shift': {
      return cut(look, (look.committed ?? low) + destination.by);
    }
    case 'file': {
      const row = rows?.find((one) => one.partition === partition);
      if (row === undefined) return { to: look.committed };
      // Of an undo; others are refused before.
      return row.offset === null ? { to: null } : cut(look, row.offset);
    }
  }
}

function cut({ low, end }: PartitionLook, wanted: number): Aim {
  if (wanted < low) return { to: low, note: `cut to the earliest, ${low - wanted} short` };
  return wanted > end ? { to: end, note: `cut to the end, ${wanted - end} short` } : { to: wanted };
}

function refuseUnfit(topic: string, looks: readonly PartitionLook[], rows: readonly OffsetRow[]): void {
  const problems = looks.flatMap((look) => {
    const row = rows.find(({ partition }) => partition === look.partition);
    if (row === undefined) return [];
    const where = `${topic}/${look.partition}`;
    const { offset, from } = row;
    if (offset !== null && (offset < look.low || offset > look.end)) {
      return [`${where}: ${offset} is not in it, it goes from ${look.low} to ${look.end}`];
    }
    if (from === undefined || from === look.committed) return [];
    return [
      `${where}: the group is at ${look.committed ?? 'no commit'}, and was at ${from ?? 'no commit'} when planned`,
    ];
  });
  if (problems.length === 0) return;
  const lines = problems.map((problem) => `\n  ${printable(problem)}`).join('');
  throw new CommandError(`the file does not fit in ${count(problems.length, 'partition')}:${lines}`);
}
