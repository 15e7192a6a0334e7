import { type Letter, placeOf } from './letter.ts';
import type { Look } from './look.ts';
import type { ParkedEntry } from './parked.ts';
import { type State, stateOf } from './select.ts';

/** A parked key, and its dead letters. */
export interface Standing {
  readonly entry: ParkedEntry;
  /** The dead letter of the record that died, and what was done with it; undefined: retention has deleted it. */
  readonly head: { readonly letter: Letter; readonly state: State } | undefined;
  /** What waits of the key, in the order in which it goes back; the head too, unless it was discarded. */
  readonly waiting: readonly Letter[];
  /** Its note is of a topic that is gone, or was made again. */
  readonly outdated: boolean;
}

/** The keys that are parked, by their ids. An outdated note holds records up also when it says that its key is released. */
export function standingsOf(
  { parked, letters, journal }: Pick<Look, 'parked' | 'letters' | 'journal'>,
  outdated: ReadonlySet<string>,
): Map<string, Standing> {
  const held = [...(parked ?? [])].filter(([id, { released }]) => !released || outdated.has(id));
  if (held.length === 0) return new Map();
  const byKey = Map.groupBy(letters, ({ keyed }) => keyed?.key);
  return new Map(
    held.map(([id, entry]): [string, Standing] => {
      const own = byKey.get(id) ?? [];
      const waiting = own.filter((letter) => stateOf(letter, journal) === 'waiting').sort(byPlaceInKey);
      const died = own.filter(({ source }) => source?.offset === entry.poison.at);
      const letter = died.find((one) => waiting.includes(one)) ?? died[0];
      const head = letter === undefined ? undefined : { letter, state: stateOf(letter, journal) };
      return [id, { entry, head, waiting, outdated: outdated.has(id) }];
    }),
  );
}

/** How a dead letter that waits stands in its key; undefined: it waits for itself alone. */
export function standingOf(
  standings: ReadonlyMap<string, Standing>,
  letter: Letter,
): (Standing & { readonly isHead: boolean }) | undefined {
  const standing = standings.get(letter.keyed?.key ?? '');
  if (standing === undefined) return undefined;
  return { ...standing, isHead: letter.source?.offset === standing.entry.poison.at };
}

/** What a discard does to parked keys: of which nothing waits then, and which stay parked with something behind. */
export function afterDiscard(
  standings: ReadonlyMap<string, Standing>,
  chosen: readonly Letter[],
): { readonly freed: readonly string[]; readonly left: readonly Standing[] } {
  const gone = new Set(chosen.map(placeOf));
  const touched = new Set(chosen.flatMap(({ keyed }) => keyed?.key ?? []));
  const rests = [...standings]
    .filter(([id, { outdated }]) => touched.has(id) && !outdated)
    .map(([id, standing]) => {
      const waiting = standing.waiting.filter((letter) => !gone.has(placeOf(letter)));
      return { id, standing: { ...standing, waiting } };
    });
  return {
    freed: rests.filter(({ standing }) => standing.waiting.length === 0).map(({ id }) => id),
    left: rests.filter(({ standing }) => standing.waiting.length > 0).map(({ standing }) => standing),
  };
}

function byPlaceInKey(a: Letter, b: Letter): number {
  return (a.keyed?.offset ?? 0) - (b.keyed?.offset ?? 0) || a.offset - b.offset;
}
