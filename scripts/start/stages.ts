import { createFleet, type Fleet, type FleetOptions } from './fleet.ts';
import { noGauges } from './gauges.ts';
import type { OffsetWatch } from './offsets.ts';

/** A function behind the processor, and where its group stands: what the views show of it. */
export interface StageRow {
  readonly name: string;
  readonly group: string;
  /** Instances that have joined, of those that run. */
  readonly active: number;
  readonly instances: number;
  /** Records of its source topic that the group has not committed; null while no broker tells. */
  readonly lag: number | null;
  readonly inPerSecond: number;
  readonly outPerSecond: number;
  readonly cpuPercent: number;
  readonly rssBytes: number;
  /** It waits for what it depends on. */
  readonly degraded: boolean;
}

/** What a stage has done by the end, as its instances say, and what is left. */
export interface StageBooks {
  readonly name: string;
  readonly group: string;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly deadLettered: number;
  readonly lag: number;
  readonly cpuSeconds: number;
  /** Whether an instance has crashed. */
  readonly crashed: boolean;
}

/** A function that reads what the processor writes: storage, or analytics. */
export interface Stage {
  readonly name: string;
  readonly group: string;
  readonly fleet: Fleet;
  row(): StageRow;
  /** Asks its instances and the brokers. */
  look(): Promise<void>;
  /** Whether its group has committed everything there is. */
  done(): Promise<boolean>;
  books(): Promise<StageBooks>;
}

export interface StageOptions extends Omit<FleetOptions, 'label'> {
  readonly name: string;
  readonly group: string;
  readonly source: string;
  readonly offsets: OffsetWatch;
}

/** The functions behind the processor, in the order of the data. */
export const stageNames = ['storage', 'analytics'] as const;

/** The groups that they have by themselves; where the pipeline's has another name, theirs are named after it. */
export function stageGroup(name: string, pipelineGroup: string | undefined): string {
  return pipelineGroup === undefined ? `${name}-group` : `${pipelineGroup}.${name}`;
}

export function createStage({ name, group, source, offsets, ...options }: StageOptions): Stage {
  const fleet = createFleet({ ...options, label: name });
  let lag: number | null = null;

  const lagNow = async (): Promise<number> => (await offsets.position(group, source)).lag;

  return {
    name,
    group,
    fleet,
    row() {
      const alive = fleet.alive();
      const gauges = alive.map((one) => (one.endedAtMs === undefined ? one.gauges.read() : noGauges));
      const sum = (of: (one: (typeof gauges)[0]) => number): number => gauges.reduce((all, one) => all + of(one), 0);
      return {
        ...{ name, group, lag, instances: alive.length },
        active: alive.filter(({ state }) => state === 'active' || state === 'degraded').length,
        degraded: alive.some(({ state }) => state === 'degraded'),
        inPerSecond: sum((one) => one.inPerSecond),
        outPerSecond: sum((one) => one.outPerSecond),
        cpuPercent: sum((one) => one.cpuPercent),
        rssBytes: sum((one) => one.rssBytes),
      };
    },
    async look() {
      const scrapes = fleet.alive().map((one) => one.scrape());
      lag = await lagNow().catch(() => null);
      await Promise.all(scrapes);
    },
    done: async () => (await lagNow()) === 0,
    async books() {
      const latest = fleet.instances.flatMap(({ gauges }) => gauges.latest ?? []);
      const sum = (of: (one: (typeof latest)[0]) => number): number => latest.reduce((all, one) => all + of(one), 0);
      return {
        ...{ name, group, lag: await lagNow() },
        recordsIn: sum((one) => one.recordsIn),
        recordsOut: sum((one) => one.recordsOut),
        deadLettered: sum((one) => one.dead),
        cpuSeconds: Math.round(sum((one) => one.cpuSeconds) * 100) / 100,
        crashed: fleet.instances.some(({ state }) => state === 'crashed'),
      };
    },
  };
}
