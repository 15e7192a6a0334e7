import type { SourceOf } from './source-files.ts';

/** What V8's profiler writes (Chrome DevTools protocol, Profiler.Profile): nodes, and which of them each sample hit. */
export interface CpuProfile {
  /** Microseconds of the system's monotonic clock. */
  readonly startTime: number;
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** Microseconds since the sample before, by sample. */
  readonly timeDeltas: readonly number[];
}

/** A function on one path of calls, with the CPU time of itself and of all that it called, microseconds. */
export interface Frame {
  readonly name: string;
  /** The file that it is in; empty for what is native. */
  readonly place: string;
  selfUs: number;
  totalUs: number;
  readonly callees: Map<string, Frame>;
}

/** Where the time of a profile went, by path of calls. Idle time is left out: nothing ran then. */
export function frameTree(profile: CpuProfile, sourceOf: SourceOf): Frame {
  const usById = new Map<number, number>();
  for (const [index, id] of profile.samples.entries()) {
    usById.set(id, (usById.get(id) ?? 0) + Math.max(0, profile.timeDeltas[index] ?? 0));
  }
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const children = new Set(profile.nodes.flatMap((node) => node.children ?? []));
  const root: Frame = { name: 'all', place: '', selfUs: 0, totalUs: 0, callees: new Map() };

  /** Adds a node below a frame; the time of all it holds. */
  function add(id: number, parent: Frame): number {
    const node = nodes.get(id);
    if (node === undefined || node.callFrame.functionName === '(idle)') return 0;
    const { functionName } = node.callFrame;
    const isRoot = functionName === '(root)';
    const place = sourceOf(node.callFrame);
    const name = functionName || '(anonymous)';
    const frame = isRoot ? parent : calleeOf(parent, name, place);
    const selfUs = usById.get(id) ?? 0;
    const totalUs = (node.children ?? []).reduce((sum, child) => sum + add(child, frame), selfUs);
    if (!isRoot) frame.selfUs += selfUs;
    frame.totalUs += totalUs;
    return totalUs;
  }
  for (const { id } of profile.nodes) if (!children.has(id)) add(id, root);
  return root;
}

function calleeOf(parent: Frame, name: string, place: string): Frame {
  const key = `${name} ${place}`;
  const known = parent.callees.get(key);
  if (known) return known;
  const made: Frame = { name, place, selfUs: 0, totalUs: 0, callees: new Map() };
  parent.callees.set(key, made);
  return made;
}

/** A function's own time, over all paths of calls. */
export interface OwnTime {
  readonly name: string;
  readonly place: string;
  readonly share: number;
}

/** The functions that took most time themselves, the first first. */
export function hottest(root: Frame, count: number): OwnTime[] {
  const own = new Map<string, { name: string; place: string; us: number }>();
  const visit = (frame: Frame): void => {
    const key = `${frame.name} ${frame.place}`;
    const entry = own.get(key) ?? { name: frame.name, place: frame.place, us: 0 };
    entry.us += frame.selfUs;
    own.set(key, entry);
    for (const callee of frame.callees.values()) visit(callee);
  };
  visit(root);
  return [...own.values()]
    .toSorted((left, right) => right.us - left.us)
    .slice(0, count)
    .map(({ name, place, us }) => ({ name, place, share: root.totalUs > 0 ? us / root.totalUs : 0 }));
}
