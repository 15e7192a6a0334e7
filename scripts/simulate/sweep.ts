import type { ScalingPolicy } from '../../infra/scaling/policy.ts';
import { policyProblems } from '../../infra/scaling/problems.ts';
import { CommandError } from '../support/command.ts';
import { withField } from '../support/policy-file.ts';
import type { Costs } from './costs.ts';
import { type Figures, simulate } from './simulation.ts';
import type { Trace } from './trace.ts';

/** One value of a sweep, and what came of it. */
export interface SweepRun {
  readonly value: number;
  readonly figures: Figures;
}

const ofCosts = 'costs.';

/**
 * A simulation for each value of a field of the policy, or of the costs (`costs.startUpSeconds`). All values are checked
 * before any is run.
 * @throws CommandError when there is no such field, or a value makes a policy that cannot be used
 */
export function sweep(
  policy: ScalingPolicy,
  trace: Trace,
  costs: Costs,
  { field, values }: { readonly field: string; readonly values: readonly number[] },
): SweepRun[] {
  const set = field.startsWith(ofCosts) ? costSetter(field.slice(ofCosts.length), costs) : policySetter(field, policy);
  const trials = values.map((value) => ({ value, policy, costs, ...set(value) }));
  return trials.map((trial) => ({
    value: trial.value,
    figures: simulate(trial.policy, trace, trial.costs).figures,
  }));
}

type Setter = (value: number) => { readonly policy?: ScalingPolicy; readonly costs?: Costs };

function policySetter(field: string, policy: ScalingPolicy): Setter {
  return (value) => {
    const changed = withField(policy, field, value);
    const problems = policyProblems(changed).map((one) => `${field}=${value}: ${one.field}: ${one.text}`);
    if (problems.length > 0) throw new CommandError(problems.join('\n'));
    return { policy: changed };
  };
}

function costSetter(field: string, costs: Costs): Setter {
  const fields = Object.keys(costs);
  if (!fields.includes(field)) throw new CommandError(`${ofCosts}${field} is no cost. There are ${fields.join(', ')}`);
  return (value) => {
    if (value >= 0 && (value > 0 || field.endsWith('Seconds'))) return { costs: { ...costs, [field]: value } };
    throw new CommandError(`${ofCosts}${field}: expected a number above 0, not ${value}`);
  };
}
