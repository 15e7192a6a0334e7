import type { InvokeResult } from './environment.ts';

/** What a mapping has done so far. */
export interface Stats {
  readonly pollers: number;
  readonly invocations: number;
  readonly failedInvocations: number;
  readonly timeouts: number;
  /** Records that are done with: handled, or given up. */
  readonly records: number;
  readonly partialFailures: number;
  readonly retries: number;
  readonly bisections: number;
  readonly toOnFailure: number;
  readonly dropped: number;
  readonly coldStarts: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the function's environments. */
  readonly cpuSeconds: number;
}

type Surroundings = Pick<Stats, 'pollers' | 'coldStarts' | 'cpuSeconds'>;

/** Counts for a mapping. */
export interface StatsCounter {
  invoked(result: InvokeResult): void;
  done(records: number): void;
  gaveUp(records: number, sent: boolean): void;
  count(what: 'partial' | 'retried' | 'bisected'): void;
  read(surroundings: Surroundings): Stats;
}

const mostDurations = 100_000;

export function createStats(): StatsCounter {
  const counts = { invocations: 0, failed: 0, timeouts: 0, records: 0, partial: 0, retried: 0, bisected: 0 };
  let toOnFailure = 0;
  let dropped = 0;
  const durations: number[] = [];

  return {
    invoked({ kind, durationMs }) {
      counts.invocations += 1;
      if (kind !== 'response') counts.failed += 1;
      if (kind === 'timeout') counts.timeouts += 1;
      if (durations.length < mostDurations) durations.push(durationMs);
    },
    done(records) {
      counts.records += records;
    },
    gaveUp(records, sent) {
      if (sent) toOnFailure += records;
      else dropped += records;
    },
    count(what) {
      counts[what] += 1;
    },
    read({ pollers, coldStarts, cpuSeconds }) {
      const sorted = durations.toSorted((a, b) => a - b);
      const at = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
      return {
        pollers,
        invocations: counts.invocations,
        failedInvocations: counts.failed,
        timeouts: counts.timeouts,
        records: counts.records,
        partialFailures: counts.partial,
        retries: counts.retried,
        bisections: counts.bisected,
        ...{ toOnFailure, dropped, coldStarts },
        p50Ms: at(0.5),
        p99Ms: at(0.99),
        cpuSeconds: Math.round(cpuSeconds * 100) / 100,
      };
    },
  };
}
