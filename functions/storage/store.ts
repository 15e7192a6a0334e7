import type { Buffer } from 'node:buffer';
import type { Database, Session } from '../database/port.ts';
import type { Owner } from './owners.ts';
import { lock, moveOn, type Place, type Position, positionMoved, set } from './position.ts';
import type { Prepared, Span, Workplace } from './prepare.ts';
import { copyHeader, copyTrailer, type RowBuffer } from './row-buffer.ts';
import { copyOptions, copySnapshots } from './rows.ts';
import { compare, latest, remove } from './stored.ts';

/** Snapshots of one partition for one transaction. */
export interface Piece {
  readonly prepared: readonly Prepared[];
  /** The offset of the first of its records, and the one behind the last. */
  readonly first: number;
  readonly end: number;
}

/** What a piece is written with. */
export interface Writing {
  readonly database: Database;
  readonly place: Place;
  readonly owner: Owner;
  readonly workplace: Workplace;
  readonly signal: AbortSignal;
}

/**
 * Stores a piece in one transaction: rows, position and the owner's claim together. While the position stands where this
 * owner left it, nobody else has written: nothing is looked up, and all of it is one exchange with the database. Else, at the
 * first batch and after any failure, it is asked which of the snapshots are there already.
 */
export async function store(piece: Piece, { database, place, owner, workplace, signal }: Writing): Promise<void> {
  const { known } = owner;
  const wanted = latest(piece.prepared);
  // Until the commit is heard of, nothing is.
  owner.known = undefined;
  if (known !== undefined && piece.first >= known.nextOffset) {
    try {
      await database.writeAtOnce([moveOn(place, known, piece.end), ...copiesOf(workplace, wanted)], { signal });
      owner.committed({ epoch: known.epoch, nextOffset: piece.end });
      return;
    } catch (error) {
      if (!(error instanceof Error && 'sqlState' in error && error.sqlState === positionMoved)) throw error;
    }
  }
  const work = (session: Session) =>
    storeWithCare(session, { ...piece, prepared: wanted }, { place, owner, workplace });
  owner.committed(await database.write(work, { signal }));
}

async function storeWithCare(
  session: Session,
  { prepared, first, end }: Piece,
  { place, owner, workplace }: Pick<Writing, 'place' | 'owner' | 'workplace'>,
): Promise<Position> {
  const there = await lock(session, place, first);
  const { epoch } = owner.epochFor(there);
  // Not in one statement with the lock: it would not see what was committed while it waited for that.
  const { missing, newer } = await compare(session, prepared);
  const isStored = missing.length < prepared.length || prepared.length === 0; // of none nobody can tell
  const isRedelivery = first < there.nextOffset && isStored;
  // A topic that was made anew begins below what is noted of its former life, and nothing of it is stored.
  const position = { epoch, nextOffset: isRedelivery ? Math.max(there.nextOffset, end) : end };
  await set(session, place, position);
  if (newer.length > 0) await remove(session, newer);
  await copyRows(session, workplace, newer.length === 0 ? missing : prepared.filter(isAmong([...missing, ...newer])));
  return position;
}

function isAmong(list: readonly Prepared[]): (one: Prepared) => boolean {
  const set = new Set(list);
  return (one) => set.has(one);
}

export async function copyRows(session: Session, workplace: Workplace, prepared: readonly Prepared[]): Promise<void> {
  for (const { copy, chunks } of copiesOf(workplace, prepared)) await session.copy(copy, chunks);
}

/** Snapshots first: of a snapshot that is there after all, no option is sent in vain. */
function copiesOf({ snapshots, options }: Workplace, prepared: readonly Prepared[]) {
  if (prepared.length === 0) return [];
  const spans = { snapshots: prepared.map((one) => one.snapshot), options: prepared.map((one) => one.options) };
  return [
    { copy: copySnapshots, chunks: rowsOf(snapshots, spans.snapshots) },
    { copy: copyOptions, chunks: rowsOf(options, spans.options) },
  ];
}

/** A message of the protocol takes so much: the client copies each one into its socket's buffer. */
const messageBytes = 256 << 10;

/** The bytes of a COPY: what lies side by side goes out in one piece. */
function* rowsOf(buffer: RowBuffer, spans: readonly Span[]): Generator<Buffer> {
  yield copyHeader;
  let [from, to] = [0, 0];
  for (const span of [...spans, { from: -1, to: -1 }]) {
    if (span.from === to) to = span.to;
    else {
      for (; from < to; from += messageBytes) yield buffer.slice(from, Math.min(to, from + messageBytes));
      ({ from, to } = span);
    }
  }
  yield copyTrailer;
}
