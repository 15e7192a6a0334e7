import { readFileSync } from 'node:fs';
import type { ScalingPolicy } from '../../infra/scaling/policy.ts';
import { scaling } from '../../infra/scaling.ts';
import { CommandError, durationOption, integerOption, UsageError } from '../support/command.ts';
import { momentOption } from '../support/moment.ts';
import { type Costs, measuredCosts } from './costs.ts';
import { nseDay } from './nse-day.ts';
import { parseTrace, type Trace } from './trace.ts';

/** A market day after the holidays of November, and an expiry. */
const builtInDate = '2026-11-26';

/** The trace of a file, or the built-in day; every rate times `scale`. */
export function readTrace(file: string | undefined, at: string | undefined, scale: string): Trace {
  const factor = Number(scale);
  if (!/^\d*\.?\d+$/.test(scale) || factor <= 0 || factor > 1_000) {
    throw new UsageError(`--scale takes a number above 0 and up to 1000, not '${scale}'`);
  }
  const trace = traceOf(file, at);
  return factor === 1 ? trace : { ...trace, rates: trace.rates.map((rate) => rate * factor) };
}

function traceOf(file: string | undefined, at: string | undefined): Trace {
  if (file === undefined) {
    if (at === undefined) return nseDay(builtInDate);
    return { ...nseDay(builtInDate), startMs: momentOption('at', at) };
  }
  const startMs = momentOption('at', at ?? `${builtInDate}T00:00+05:30`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`cannot read the trace ${file} (${(error as NodeJS.ErrnoException).code})`);
  }
  return parseTrace(file, text, startMs);
}

interface CostFlags {
  readonly 'records-per-second'?: string | undefined;
  readonly 'start-up'?: string | undefined;
  readonly rebalance?: string | undefined;
}

/**
 * The measured costs, with what flags say in their place. They are the processor's: an instance of another function does what
 * its policy plans with.
 */
export function readCosts(flags: CostFlags, { group, recordsPerSecondPerInstance }: ScalingPolicy): Costs {
  const seconds = (name: 'start-up' | 'rebalance', fallback: number): number => {
    const text = flags[name];
    return text === undefined ? fallback : durationOption(name, text) / 1_000;
  };
  const rate = flags['records-per-second'];
  return {
    ...measuredCosts,
    ...(group === scaling.group ? {} : { recordsPerSecondPerInstance }),
    ...(rate === undefined ? {} : { recordsPerSecondPerInstance: integerOption('records-per-second', rate, 1) }),
    startUpSeconds: seconds('start-up', measuredCosts.startUpSeconds),
    rebalanceSeconds: seconds('rebalance', measuredCosts.rebalanceSeconds),
  };
}

/** `down.windowSeconds=60,300` as a field and its values. */
export function readSweep(text: string): { readonly field: string; readonly values: readonly number[] } {
  const [, field, list] = /^([A-Za-z.]+)=([^=]+)$/.exec(text) ?? [];
  const values = (list ?? '').split(',').map(Number);
  if (field !== undefined && values.length > 0 && values.length <= 50 && values.every(Number.isFinite)) {
    return { field, values };
  }
  throw new UsageError(
    `--sweep takes a field and up to 50 numbers, such as down.windowSeconds=60,300,900, not '${text}'`,
  );
}
