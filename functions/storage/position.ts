import type { Session, Step } from '../database/port.ts';

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

/** What `moveOn` fails with when another position stands there: of our own, raised by `must_be_one`. */
export const positionMoved = 'HF001';

/** Moves on from exactly this position. When another stands there, it is an error, and ends the transaction. */
export function moveOn({ group, topic, partition }: Place, from: Position, nextOffset: number): Step {
  return {
    text: `with moved as (update partition_positions set next_offset = $6, updated_at = now()
        where ${here} and epoch = $4 and next_offset = $5 returning 1)
      select must_be_one(count(*)) from moved`,
    values: [group, topic, partition, from.epoch, from.nextOffset, nextOffset],
  };
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
