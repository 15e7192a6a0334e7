/** When a market is open, in its own zone: what a policy scales up for before anything arrives. */
export interface MarketCalendar {
  /** An IANA zone, as cron triggers take it. Sessions are read with `utcOffsetMinutes`: a zone without summer time. */
  readonly zone: string;
  /** Minutes that the zone is ahead of UTC, the whole year. */
  readonly utcOffsetMinutes: number;
  /** Market days, 0 Sunday to 6 Saturday. */
  readonly weekdays: readonly number[];
  /** Parts of a market day; where two overlap the larger number of instances counts. */
  readonly sessions: readonly MarketSession[];
  /** How long before a session its instances are asked for: start-up and the rebalance must be over when it begins. */
  readonly leadSeconds: number;
  /** Market days on which the market is closed, by the year they cover. */
  readonly holidays: Readonly<Record<number, readonly string[]>>;
  /** Sessions on days that are none otherwise: Muhurat, a budget on a Sunday. */
  readonly specialSessions: readonly SpecialSession[];
}

export interface MarketSession {
  readonly name: string;
  /** Local time, `HH:MM`. */
  readonly from: string;
  /** Local time, `HH:MM`, not included. */
  readonly to: string;
  /** Instances that are there for the whole session, whatever the lag is. */
  readonly minimum: number;
}

export interface SpecialSession extends MarketSession {
  /** Local date, `YYYY-MM-DD`. */
  readonly date: string;
}

/** How fast a count may change in one direction. */
export interface Stabilisation {
  /** A change must have been wanted for this long: up, the least that was wanted in it counts; down, the most. */
  readonly windowSeconds: number;
  /** Seconds from one change to the next in this direction: a change is a rebalance, and its effect must show first. */
  readonly periodSeconds: number;
  /** The most by which one change multiplies (up) or divides (down) the count, but always a step to the next divisor. */
  readonly maxFactor: number;
}

/** One scaling policy, for every place that scales: KEDA, an HPA, pollers of an event source, the local autoscaler. */
export interface ScalingPolicy {
  readonly name: string;
  /** The consumer group that is scaled. */
  readonly group: string;
  readonly topic: string;
  /** Partitions of the topic. Counts of instances are its divisors, so that each has as many partitions as any other. */
  readonly partitions: number;
  /** The fewest instances; a divisor. */
  readonly minimum: number;
  /** The most instances; a divisor. */
  readonly maximum: number;
  /** Records behind, a partition, that are no reason to act. */
  readonly targetLagPerPartition: number;
  /** How soon a backlog above the target should be gone. */
  readonly targetDrainSeconds: number;
  /** What one instance does, measured, when it has nothing else to wait for. */
  readonly recordsPerSecondPerInstance: number;
  /** The share of that, above 0 and up to 1, that is planned for the rate of arrival; the rest is for what varies. */
  readonly targetUtilisation: number;
  /**
   * A healthy group is always behind by what it has fetched, is publishing, and has not committed: the rate times this.
   * Lag up to it is no backlog, whatever the target is.
   */
  readonly inFlightSeconds: number;
  /** Seconds from one look to the next. */
  readonly intervalSeconds: number;
  readonly up: Stabilisation;
  readonly down: Stabilisation;
  readonly downstream: {
    /** Instances that the output topic, or the database, can bear while it is well. */
    readonly maximum: number;
    /**
     * The same once it has been degraded for the window for scaling down. From its first moment nothing is scaled up,
     * since what waits for it only waits in more places.
     */
    readonly degradedMaximum: number;
  };
  readonly calendar: MarketCalendar | null;
}

export type Downstream = 'healthy' | 'degraded';

/** What was wanted lately, of that as much as downstream bore, before stabilisation (each run of one wish once, when it was last), and when the count last changed. */
export interface ScalingHistory {
  readonly wanted: readonly { readonly atMs: number; readonly instances: number }[];
  readonly changedAtMs: number | null;
}

/** What is known at one moment. */
export interface ScalingState {
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Instances asked for, those that are still starting included. */
  readonly instances: number;
  readonly lag: {
    /** Records behind the end of the topic that are not committed, all partitions together. */
    readonly total: number;
    /** The same of the partition that is furthest behind; null when it is not known. */
    readonly worstPartition: number | null;
  };
  /** Records that arrive in a second. */
  readonly ratePerSecond: number;
  readonly downstream: Downstream;
  readonly history: ScalingHistory;
}

export interface ScalingDecision {
  /** How many instances there should be now. */
  readonly instances: number;
  /** What lag, rate and calendar ask for, before stabilisation and the ceiling. */
  readonly wanted: number;
  /** Why, in a sentence. */
  readonly reason: string;
}
