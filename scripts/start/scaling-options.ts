import type { ScalingPolicy } from '../../infra/scaling/policy.ts';
import { burstScaling, localScaling } from '../../infra/scaling.ts';
import { UsageError } from '../support/command.ts';
import { loadPolicy } from '../support/policy-file.ts';
import { burst } from './burst.ts';
import type { StartFlags } from './flags.ts';
import type { PlannedAction } from './plan.ts';

/** The flags that `--burst` stands for; what is given beside it counts. */
export function withBurst(flags: StartFlags, mode: 'container' | 'function'): StartFlags {
  if (flags.rate !== undefined || flags.profile !== undefined) {
    throw new UsageError('--burst has rates of its own: leave out --rate and --profile');
  }
  const { cpu, ...rest } = burst;
  const limited = mode === 'container' && process.platform === 'linux';
  return { ...rest, ...(limited ? { cpu } : {}), ...flags };
}

/** The policy that `--autoscale` follows; undefined without it. */
export function policyOption(flags: StartFlags, plan: readonly PlannedAction[]): ScalingPolicy | undefined {
  const named = typeof flags.policy === 'string' ? flags.policy : undefined;
  if (flags.autoscale !== true) {
    if (named !== undefined) throw new UsageError('--policy is what --autoscale follows: give both');
    return undefined;
  }
  if (plan.some(({ action }) => action.kind === 'add' || action.kind === 'remove')) {
    throw new UsageError('--autoscale decides how many instances there are: leave +N and -N out of --plan');
  }
  if (named !== undefined) return loadPolicy(named);
  return flags.burst === true ? burstScaling : localScaling;
}

/** The share of a core that `--cpu` gives each instance. */
export function cpuOption(text: string | undefined, mode: 'container' | 'function'): number | undefined {
  if (text === undefined) return undefined;
  if (mode === 'function') throw new UsageError('--cpu holds containers: a function runs in processes of its own');
  if (process.platform !== 'linux') throw new UsageError('--cpu reads /proc, which this system does not have');
  const share = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && share >= 0.05 && share <= 1) return share;
  throw new UsageError(`--cpu takes a share of a core from 0.05 to 1, not '${text}'`);
}
