import type { Reported } from './outcome.ts';
import type { Promised } from './scenario.ts';

/** What a scenario's repeats broke of what is promised, a sentence each. */
export interface Judgement {
  /** What holds on any machine. */
  readonly broken: readonly string[];
  /** Times, and what depends on them: they are judged only when asked, since machines differ. */
  readonly slow: readonly string[];
}

/** Holds the repeats to the promises. */
export function judgeOutcomes(outcomes: readonly Reported[], promised: Promised): Judgement {
  const broken: string[] = [];
  const slow: string[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    const say = (list: string[], what: string): void => void list.push(`repeat ${index + 1}: ${what}`);
    for (const [count, what] of [
      [outcome.lost, 'lost'],
      [outcome.reordered, 'out of order'],
      [outcome.commitsAhead, 'commits ahead of what was done'],
      [outcome.unaccounted, 'unaccounted'],
      [outcome.uncommitted, 'left uncommitted'],
    ] as const) {
      if (count > 0) say(broken, `${count} ${what}`);
    }
    for (const kind of outcome.otherViolations) say(broken, kind);
    for (const problem of outcome.problems) say(broken, problem);
    const ended = outcome.exits.filter(
      ({ state, ms }) => state === 'crashed' || (ms !== undefined && state !== 'left'),
    );
    if (ended.length > 0) say(broken, `${ended.length} instances ended with an error`);
    const { doubled, silenceMs, recoveredMs, exitMs, peakMb } = promised;
    if (doubled !== undefined && outcome.doubled > doubled) {
      say(doubled === 0 ? broken : slow, `${outcome.doubled} doubled, ${doubled} promised at most`);
    }
    const late = (is: number, most: number | undefined, what: string): void => {
      if (most !== undefined && is > most) say(slow, `${what} ${seconds(is)} s, ${seconds(most)} promised at most`);
    };
    late(outcome.silenceMs, silenceMs, 'a partition was silent for');
    late(outcome.recoveredMs, recoveredMs, 'recovered after');
    late(longestExitMs(outcome) ?? 0, exitMs, 'an orderly exit took');
    if (peakMb !== undefined && outcome.peakMb > peakMb) {
      say(slow, `an instance had ${outcome.peakMb} MB, ${peakMb} promised at most`);
    }
  }
  return { broken, slow };
}

/** Of those that were told to end. */
export function longestExitMs({ exits }: Reported): number | undefined {
  const times = exits.flatMap(({ ms }) => (ms === undefined ? [] : [ms]));
  return times.length === 0 ? undefined : Math.max(...times);
}

export function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}

/** By nearest rank: the least value that at least this share of the values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
