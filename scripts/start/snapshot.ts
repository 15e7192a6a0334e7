import type { ScalingView } from './autoscaler.ts';
import type { BrokerRow } from './brokers.ts';
import type { DatabaseRow } from './databases.ts';
import type { Gauges } from './gauges.ts';
import type { InstanceState } from './instance.ts';
import type { StageRow } from './stages.ts';

/** One instance, as shown. */
export interface InstanceRow extends Gauges {
  readonly id: number;
  readonly pid: number;
  readonly state: InstanceState;
  readonly partitions: number;
}

/** Something that happened. */
export interface PipelineEvent {
  readonly atMs: number;
  readonly text: string;
}

/** What happened since the last start of the pipeline, counted from the topics by the reader. */
export interface Totals {
  readonly fed: number;
  readonly enriched: number;
  readonly deadLettered: number;
  readonly deadByCode: Readonly<Record<string, number>>;
  readonly duplicates: number;
  /** Fed, and neither enriched nor dead yet. */
  readonly open: number;
  readonly fedPerSecond: number;
  readonly enrichedPerSecond: number;
  /** Records of the source topic that the group has not committed; null while no broker tells. */
  readonly lag: number | null;
  /** From fed to enriched, over the last seconds. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly rebalances: number;
  readonly lastRebalanceMs: number | null;
}

/** One moment of the pipeline: all that the terminal and the page show. */
export interface Snapshot {
  readonly atMs: number;
  readonly upSeconds: number;
  readonly phase: 'running' | 'draining';
  readonly brokers: readonly BrokerRow[];
  /** Whether brokers can be killed from here. */
  readonly localBrokers: boolean;
  readonly group: string;
  readonly sourceTopic: string;
  readonly pageUrl: string | undefined;
  /** The owning instance by partition; null between two owners. */
  readonly owners: readonly (number | null)[];
  readonly rebalancing: boolean;
  readonly instances: readonly InstanceRow[];
  readonly totals: Totals;
  /** The functions behind the processor, in the order of the data; empty without a database, and so are the servers. */
  readonly stages: readonly StageRow[];
  readonly databases: readonly DatabaseRow[];
  /** Null without --autoscale. */
  readonly scaling: ScalingView | null;
  /** One value a second, oldest first. */
  readonly history: {
    readonly lag: readonly number[];
    readonly fed: readonly number[];
    readonly enriched: readonly number[];
  };
  /** Oldest first. */
  readonly events: readonly PipelineEvent[];
}

const letters = '123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The one character that stands for an instance on a map. */
export function letterOf(instance: number): string {
  return letters[instance - 1] ?? '*';
}
