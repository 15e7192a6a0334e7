import { type ProvisionedPollerConfig, provisionedPollers } from '../scaling/targets/pollers.ts';
import { analyticsFunctionScaling, stagePolicies, storageFunctionScaling } from '../scaling.ts';

/** What a stage is given: numbers that are reviewed here, and the names of things in its account. */
export interface Stage {
  /** MB. A thread of JavaScript uses one CPU at most, which Lambda gives at 1,769 MB; the price is by MB and second. */
  readonly memorySize: number;
  /** Pollers that are always there, of the stage's scaling policy. One reads 5 MB/s, or calls 5 times at once. */
  readonly minimumPollers: number;
  /** The most pollers, of the same policy. A call holds the order of its partitions: 12 x 5 calls are all that 60 use. */
  readonly maximumPollers: number;
  /** Of the functions with a database: as many as it has connections for. */
  readonly databasePollers: Readonly<Record<'storage' | 'analytics', ProvisionedPollerConfig>>;
  readonly logRetentionDays: number;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn';
  /** Records behind, of all partitions together, for ten minutes: someone is told. */
  readonly lagAlarmRecords: number;
  /**
   * Names of the account's things, by the name of their parameter: here, where they are reviewed (none is a secret),
   * or as `--param name=value`, which goes before.
   */
  readonly account: Readonly<Record<string, string>>;
}

const onePoller: ProvisionedPollerConfig = { MinimumPollers: 1, MaximumPollers: 1 };

/** The stages. Adding one here is all it takes. */
export const stages = {
  dev: {
    memorySize: 512,
    ...pollersOf('dev'),
    databasePollers: { storage: onePoller, analytics: onePoller },
    logRetentionDays: 14,
    logLevel: 'info',
    lagAlarmRecords: 100_000,
    account: {},
  },
  prod: {
    memorySize: 1_769,
    ...pollersOf('prod'),
    databasePollers: {
      storage: provisionedPollers(storageFunctionScaling),
      analytics: provisionedPollers(analyticsFunctionScaling),
    },
    logRetentionDays: 90,
    logLevel: 'info',
    lagAlarmRecords: 100_000,
    account: {},
  },
} as const satisfies Readonly<Record<string, Stage>>;

export type StageName = keyof typeof stages;

function pollersOf(stage: keyof typeof stagePolicies): Pick<Stage, 'minimumPollers' | 'maximumPollers'> {
  const { MinimumPollers, MaximumPollers } = provisionedPollers(stagePolicies[stage]);
  return { minimumPollers: MinimumPollers, maximumPollers: MaximumPollers };
}
