import { noHistory } from '../../infra/scaling/decide.ts';
import type { Downstream, ScalingPolicy, ScalingState } from '../../infra/scaling/policy.ts';
import { integerOption, UsageError } from '../support/command.ts';
import { momentOption } from '../support/moment.ts';

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

function downstreamOption(text: string): Downstream {
  if (text === 'healthy' || text === 'degraded') return text;
  throw new UsageError(`--downstream takes healthy or degraded, not '${text}'`);
}
