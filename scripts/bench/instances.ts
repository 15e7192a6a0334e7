import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../support/command.ts';
import { type BenchedInstance, type BenchTopics, bareLoopArgs, type Sample, startBenched } from './container.ts';
import { median } from './cpu.ts';
import { fill, type Source, withOutput, withSource } from './ground.ts';
import { bundleHandler } from './handler.ts';
import type { InstanceCost, InstanceKind, InstancesResult } from './report.ts';
import { stallGuard } from './stall.ts';
import { startTelling } from './tell.ts';

const many = 12;
/** Of ours alone, and only together: what lies between. */
const others = [2, 4];
/** Of one instance. A look costs it CPU, which is not to weigh more on a record where twelve share the cores. */
const samplePauseMs = 100;
/**
 * Of each instance: what it handles meanwhile has V8 compile and recompile its code, once in the life of a process. One that
 * has all of the backlog is as warm as it gets by then.
 */
const warmUpRecords = 120_000;
const joinMs = 90_000;
const leastShare = 0.2;
/** A handler alone is done with a backlog before it can be measured. */
const handlerTimes = 3;

/**
 * A backlog worked off by one instance, by twelve together, and its twelfths by one after another: what is asked is what a
 * record costs more for being handled together. Processes on a machine that is busy cost more whatever they do: so one is
 * measured once more beside processes that only compute, one a core (fewer than twelve that take turns), and all of it is
 * asked of bare loops, and of the handler alone, too.
 *
 * @param runs of one of ours and of many together, in turns: what the machine does changes from minute to minute
 */
export async function benchInstances(
  bootstrapServers: readonly string[],
  bundle: string,
  backlog: number,
  runs: number,
  say: Say,
): Promise<InstancesResult> {
  return await withSource(bootstrapServers, 'many', (all) =>
    withSource(bootstrapServers, 'share', async (share) => {
      await fill(all, backlog, say);
      await fill(share, Math.ceil(backlog / many), say);
      return await instancesOver({ all, share }, bundle, backlog, runs, say);
    }),
  );
}

/** All of the backlog, and a twelfth of it. */
interface Sources {
  readonly all: Source;
  readonly share: Source;
}

async function instancesOver(
  { all, share }: Sources,
  bundle: string,
  backlog: number,
  runs: number,
  say: Say,
): Promise<InstancesResult> {
  const handler = await bundleHandler();
  const loop = new URL('./handler-loop.ts', import.meta.url).pathname;
  const computing = (records: number, partitions: number): Promise<BenchedInstance> =>
    startTelling([loop, handler, String(records), String(partitions)]);
  const kinds: Readonly<Record<InstanceKind, Kind>> = {
    ours: { records: backlog, start: (topics, group) => startBenched(topics, bundle, group) },
    bare: {
      records: backlog,
      start: (topics, group) => startTelling(bareLoopArgs(topics, group, 0, 'enriched')),
    },
    handler: {
      records: backlog * handlerTimes,
      start: (topics, _, count) => {
        const records = (backlog * handlerTimes) / (topics.source === share.source ? many : count);
        return computing(records, 60 / count);
      },
    },
  };
  const costs = {} as Record<InstanceKind, InstanceCost>;
  for (const [name, kind] of Object.entries(kinds) as [InstanceKind, Kind][]) {
    const rounds = name === 'ours' ? runs : 1;
    const pairs: { one: Cost; together: Cost }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const one = costOf(await run(kind, all, kind.records, 1));
      const together = costOf(await run(kind, all, kind.records, many));
      say(`${name}: one ${one.us.toFixed(1)} us, ${many} together ${together.us.toFixed(1)}`);
      pairs.push({ one, together });
    }
    const middle = (of: (pair: (typeof pairs)[number]) => number): number => median(pairs.map(of));
    const [oneUs, togetherUs] = [middle(({ one }) => one.us), middle(({ together }) => together.us)];
    const busy = costOf(
      await beside(
        availableParallelism(),
        () => computing(Number.POSITIVE_INFINITY, 60),
        () => run(kind, all, kind.records, 1),
      ),
    );
    const spans: Span[] = [];
    for (let turn = 0; turn < many; turn += 1) spans.push(...(await run(kind, share, kind.records / many, 1)));
    const inTurn = costOf(spans);
    say(`${name}: one beside others that compute ${busy.us.toFixed(1)} us, ${many} in turn ${inTurn.us.toFixed(1)}`);
    costs[name] = {
      ...{ oneUs, oneBusyUs: busy.us, inTurnUs: inTurn.us, togetherUs },
      ...{ ratio: togetherUs / inTurn.us, ratioToBusy: togetherUs / busy.us },
      ratioToOne: middle(({ one, together }) => together.us / one.us),
      turns: pairs.map(({ one, together }) => ({ oneUs: one.us, togetherUs: together.us })),
      measured: middle(({ together }) => together.records),
      ...{ oneColdUs: middle(({ one }) => one.coldUs), togetherColdUs: middle(({ together }) => together.coldUs) },
    };
  }
  const few: { instances: number; togetherUs: number }[] = [];
  for (const instances of others) {
    const { us } = costOf(await run(kinds.ours, all, backlog, instances));
    say(`ours: ${instances} together ${us.toFixed(1)} us`);
    few.push({ instances, togetherUs: us });
  }
  return { backlog, instances: many, warmUpRecords, few, ...costs };
}

type Say = (line: string) => void;

/** What runs as one process and as many, and how many records they share. */
interface Kind {
  readonly records: number;
  start(topics: BenchTopics, group: string, count: number): Promise<BenchedInstance>;
}

/** CPU a record, of the records that count and of those before, and how many count. */
interface Cost {
  readonly us: number;
  readonly coldUs: number;
  readonly records: number;
}

function costOf(spans: readonly Span[]): Cost {
  const records = sum(spans, ({ records }) => records);
  const cold = spans.map(({ cold }) => cold);
  return {
    records,
    us: (sum(spans, ({ cpuSeconds }) => cpuSeconds) * 1e6) / records,
    coldUs: (sum(cold, ({ cpuSeconds }) => cpuSeconds) * 1e6) / sum(cold, ({ recordsOut }) => recordsOut),
  };
}

/**
 * Each instance counts from when it has warmed up, in the assignment that lasts, until it has nothing left: what it takes
 * to start, to share the partitions, and to wait for the others is no part of what a record costs.
 */
async function run(kind: Kind, source: Source, all: number, count: number): Promise<Span[]> {
  return await withOutput(source, 'many', (topics) => runOver(kind, topics, all, count));
}

async function runOver({ start }: Kind, topics: BenchTopics, all: number, count: number): Promise<Span[]> {
  const group = `bench-many-${process.pid}-${Date.now()}`;
  const started = await Promise.allSettled(Array.from({ length: count }, () => start(topics, group, count)));
  const instances = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  try {
    for (const one of started) if (one.status === 'rejected') throw one.reason;
    const stories = await watch(instances, all, `${count} together, ${group},`);
    const spans = stories.flatMap((samples) => spanOf(samples, 60 / count) ?? []);
    const records = sum(spans, ({ records }) => records);
    if (records < all * leastShare)
      throw new CommandError(
        `${count} instances had joined and warmed up with ${records} of ${all} records left: too few to measure. Give a larger --backlog`,
      );
    return spans;
  } finally {
    await Promise.all(instances.map((instance) => instance.stop()));
  }
}

/** Does something while so many processes that only compute keep the machine busy. */
async function beside<Result>(
  count: number,
  start: () => Promise<BenchedInstance>,
  use: () => Promise<Result>,
): Promise<Result> {
  const busy = await Promise.all(Array.from({ length: count }, start));
  try {
    return await use();
  } finally {
    await Promise.all(busy.map((one) => one.stop()));
  }
}

/** What each instance says of itself until all is done. */
async function watch(instances: readonly BenchedInstance[], backlog: number, who: string): Promise<Sample[][]> {
  const stories: Sample[][] = instances.map(() => []);
  const joinedByMs = performance.now() + joinMs;
  const goesOn = stallGuard(who);
  for (;;) {
    const now = await Promise.all(instances.map((instance) => instance.sample()));
    for (const [index, sample] of now.entries()) stories[index]?.push(sample);
    const done = sum(now, ({ recordsOut }) => recordsOut);
    if (done >= backlog) return stories;
    goesOn(done);
    if (performance.now() > joinedByMs && now.some(({ partitions }) => partitions !== 60 / instances.length))
      throw new CommandError(`the ${instances.length} instances did not share the partitions in ${joinMs / 1_000} s`);
    await sleep(samplePauseMs * Math.ceil(instances.length / 2));
  }
}

/** What counts of an instance, and how it stood before. */
interface Span {
  readonly records: number;
  readonly cpuSeconds: number;
  readonly cold: Sample;
}

/** From the first sample that counts to the first with all of the instance's records. */
export function spanOf(samples: readonly Sample[], share: number): Span | undefined {
  const lastElsewhere = samples.findLastIndex(({ partitions }) => partitions !== share);
  const all = samples.at(-1)?.recordsOut;
  const start = samples.find(({ recordsOut }, index) => index > lastElsewhere && recordsOut >= warmUpRecords);
  const end = samples.find(({ recordsOut }) => recordsOut === all);
  if (start === undefined || end === undefined || end.recordsOut === start.recordsOut) return undefined;
  const cpuSeconds = end.cpuSeconds - start.cpuSeconds;
  return { records: end.recordsOut - start.recordsOut, cpuSeconds, cold: start };
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
