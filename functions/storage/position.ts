import type { Session } from '../database/port.ts';

/** A partition of a topic, as a group reads it: what a row of partition_positions is about. */
export interface Place {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
}

/** What stands in the row: the next offset to store, and who may write, by the number of the claim. */
export interface Position {
  readonly nextOffset: number;
  readonly epoch: number;
}

const here = 'group_id = $1 and topic = $2 and partition = $3';

/** Moves on from exactly this position. False when another stands there: nothing has been changed then. */
export async function advance(session: Session, place: Place, from: Position, nextOffset: number): Promise<boolean> {
  const { rowCount } = await session.query({
    text: `update partition_positions set next_offset = $6, updated_at = now() where ${here} and epoch = $4 and next_offset = $5`,
    values: [...valuesOf(place), from.epoch, from.nextOffset, nextOffset],
  });
  return rowCount === 1;
}

/** Locks the position until the end of the transaction, and gives it. One that is not there yet begins at this offset. */
export async function lock(session: Session, place: Place, firstOffset: number): Promise<Position> {
  // An update that changes nothing: it waits for the row's lock, and then gives the row as it has become.
  const { rows } = await session.query<Position>({
    text: `insert into partition_positions (group_id, topic, partition, next_offset, epoch) values ($1, $2, $3, $4, 0)
      on conflict (group_id, topic, partition) do update set updated_at = now()
      returning next_offset as "nextOffset", epoch`,
    values: [...valuesOf(place), firstOffset],
  });
  return rows[0] as Position; // either way there is a row
}

/** Writes the position. The caller has its lock. */
export async function set(session: Session, place: Place, { nextOffset, epoch }: Position): Promise<void> {
  await session.query({
    text: `update partition_positions set next_offset = $4, epoch = $5, updated_at = now() where ${here}`,
    values: [...valuesOf(place), nextOffset, epoch],
  });
}

function valuesOf({ group, topic, partition }: Place): readonly unknown[] {
  return [group, topic, partition];
}
