import { noHistory } from '../../infra/scaling/decide.ts';
import type { Downstream, ScalingPolicy, ScalingState } from '../../infra/scaling/policy.ts';
import { integerOption, UsageError } from '../support/command.ts';

interface StateFlags {
  readonly lag?: string | undefined;
  readonly worstPartition?: string | undefined;
  readonly rate?: string | undefined;
  readonly instances?: string | undefined;
  readonly at?: string | undefined;
  readonly downstream?: string | undefined;
}

/** The state that flags describe, or a UsageError that says what is accepted. */
export function readState(flags: StateFlags, policy: ScalingPolicy): ScalingState {
  const total = integerOption('lag', flags.lag ?? '0', 0);
  const worst = flags.worstPartition;
  return {
    nowMs: flags.at === undefined ? Date.now() : momentOption('at', flags.at),
    instances: flags.instances === undefined ? policy.minimum : integerOption('instances', flags.instances, 1, 10_000),
    lag: { total, worstPartition: worst === undefined ? null : integerOption('worst-partition', worst, 0, total) },
    ratePerSecond: integerOption('rate', flags.rate ?? '0', 0, 1_000_000_000),
    downstream: downstreamOption(flags.downstream ?? 'healthy'),
    history: noHistory,
  };
}

/** A moment such as `2026-11-26T09:10+05:30`, in milliseconds since the epoch, or a UsageError. */
export function momentOption(name: string, text: string): number {
  const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new UsageError(`--${name} takes a moment with its zone, such as 2026-11-26T09:10+05:30, not '${text}'`);
}

function downstreamOption(text: string): Downstream {
  if (text === 'healthy' || text === 'degraded') return text;
  throw new UsageError(`--downstream takes healthy or degraded, not '${text}'`);
}
