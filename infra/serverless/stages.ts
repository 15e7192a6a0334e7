/** What a stage is given: numbers that are reviewed here, and the names of things in its account. */
export interface Stage {
  /** MB. A thread of JavaScript uses one CPU at most, which Lambda gives at 1,769 MB; the price is by MB and second. */
  readonly memorySize: number;
  /** Pollers that are always there. One reads 5 MB/s, or calls the function 5 times at once. */
  readonly minimumPollers: number;
  /** A call holds the order of its partitions: 12 pollers x 5 calls are all that 60 partitions can use. */
  readonly maximumPollers: number;
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

/** The stages. Adding one here is all it takes. */
export const stages = {
  dev: {
    memorySize: 512,
    minimumPollers: 1,
    maximumPollers: 2,
    logRetentionDays: 14,
    logLevel: 'info',
    lagAlarmRecords: 100_000,
    account: {},
  },
  prod: {
    memorySize: 1_769,
    minimumPollers: 2,
    maximumPollers: 12,
    logRetentionDays: 90,
    logLevel: 'info',
    lagAlarmRecords: 100_000,
    account: {},
  },
} as const satisfies Readonly<Record<string, Stage>>;

export type StageName = keyof typeof stages;
