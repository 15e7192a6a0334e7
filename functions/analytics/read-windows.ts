import type { Database, Session } from '../database/port.ts';
import type { Turns } from '../database/turns.ts';
import { DependencyDownError } from '../runtime/errors.ts';
import type { End, Past, Window } from './past.ts';
import type { Positions } from './positions.ts';
import { type Key, readEnds } from './read-ends.ts';
import { type Ranges, readRanges, type StoragePlace } from './read-ranges.ts';
import { type Range, type Reach, rangeOf, rangesOf, slide, type Wanted } from './windows.ts';

/** What windows are read with. */
export interface WindowSource {
  readonly database: Database;
  readonly positions: Positions;
  /** So many reads at a time: more would wait in the pool, where waiting too long counts as a database that is down. */
  readonly turns: Turns<object>;
  readonly reach: Reach;
  readonly waitMs: number;
}

/**
 * The windows of snapshots of one partition, in order of their offsets: one query for them, and one for what is told of
 * their ends, unless some of them reach back further than their neighbours. Waits until storage has stored all that comes before them; after `waitMs` those that it has not
 * come to get an error in place of a window.
 * @throws DependencyDownError when no server can be read from; the signal's reason
 */
export async function readWindows(
  wanted: readonly Wanted[],
  place: StoragePlace,
  source: WindowSource,
  signal: AbortSignal,
): Promise<ReadonlyMap<Wanted, Window | DependencyDownError>> {
  const untilMs = Date.now() + source.waitMs;
  const first = wanted[0]?.offset;
  const last = wanted.at(-1)?.offset;
  if (first === undefined || last === undefined) return new Map();
  for (;;) {
    const isReached = await source.positions.reached(place.topic, place.partition, last, untilMs, signal);
    const read = await readOnce(wanted, place, isReached ? last : first, source, signal);
    if (read.windows !== undefined) return withErrors(wanted, read.windows, read.nextOffset, place);
    if (!isReached) return withErrors(wanted, new Map(), read.nextOffset, place);
    // Another server was asked, and has not come so far.
    source.positions.forget(place.topic, place.partition);
  }
}

interface Read {
  readonly nextOffset: number | undefined;
  readonly windows: ReadonlyMap<Wanted, Window> | undefined;
}

async function readOnce(
  wanted: readonly Wanted[],
  place: StoragePlace,
  needed: number,
  { database, turns, reach }: WindowSource,
  signal: AbortSignal,
): Promise<Read> {
  const turn = await turns.take(signal);
  const work = async (session: Session): Promise<Read> => {
    const ranges = rangesOf(wanted, reach);
    const read = await readRanges(session, place, needed, ranges);
    if (read.stored === undefined) return { nextOffset: read.nextOffset, windows: undefined };
    const pasts = pastsOf(ranges, read, reach);
    const cut = wanted.filter((one) => pasts.get(one) === undefined);
    if (cut.length > 0) {
      const own = cut.map((one) => rangeOf(one, reach));
      for (const [one, past] of pastsOf(own, await readRanges(session, place, needed, own), reach))
        pasts.set(one, past);
    }
    const windows = await withEnds(session, pasts);
    return windows === undefined ? await work(session) : { nextOffset: read.nextOffset, windows };
  };
  try {
    return await database.read(work, { signal });
  } finally {
    turns.give(turn);
  }
}

function pastsOf(ranges: readonly Range[], { stored }: Ranges, reach: Reach): Map<Wanted, Past[] | undefined> {
  return new Map(ranges.flatMap((range, index) => [...slide(range, stored?.[index] ?? [], reach)]));
}

/** `undefined` when some of what was read has been replaced since. */
async function withEnds(
  session: Session,
  pasts: ReadonlyMap<Wanted, Past[] | undefined>,
): Promise<ReadonlyMap<Wanted, Window> | undefined> {
  const keys = new Map<Past, Key>();
  for (const [{ symbolId, expiry }, past = []] of pasts) {
    for (const end of [past[0], past.at(-1)]) if (end !== undefined) keys.set(end, { symbolId, expiry, past: end });
  }
  const ends = await readEnds(session, [...keys.values()]);
  if (ends === undefined) return undefined;
  const endOf = (past: Past | undefined): End | undefined => past && ends.get(past);
  return new Map(
    [...pasts].map(([one, past = []]) => [one, { past, first: endOf(past[0]), last: endOf(past.at(-1)) }]),
  );
}

function withErrors(
  wanted: readonly Wanted[],
  windows: ReadonlyMap<Wanted, Window>,
  nextOffset: number | undefined,
  { group, topic, partition }: StoragePlace,
): ReadonlyMap<Wanted, Window | DependencyDownError> {
  const stands = nextOffset === undefined ? 'has stored nothing' : `has stored what lies before offset ${nextOffset}`;
  return new Map(
    wanted.map((one): [Wanted, Window | DependencyDownError] => {
      const window = windows.get(one);
      if (window !== undefined && nextOffset !== undefined && one.offset <= nextOffset) return [one, window];
      const said = `The group ${group} ${stands} of ${topic} partition ${partition}, and offset ${one.offset} needs all before it`;
      return [one, new DependencyDownError(`${said}: is storage running, and is it behind?`)];
    }),
  );
}
