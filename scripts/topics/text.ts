import { count, printable } from '../support/words.ts';
import type { ApplyReport } from './apply.ts';
import { changesOf } from './difference.ts';
import { riskLines } from './guard/text.ts';
import type { RepeatedFlags, TopicsOptions } from './options.ts';
import { type Plan, verdictOf } from './plan.ts';
import { stepLines } from './text-steps.ts';

/** Lines from the cluster and from files, made safe for a terminal. */
export function safeText(lines: readonly string[]): string {
  return `${lines.map(printable).join('\n')}\n`;
}

/** What there is to do, and what stands against it. */
export function planLines(plan: Plan, { source, again }: Pick<TopicsOptions, 'source' | 'again'>): string[] {
  return [
    `${count(plan.declared, 'topic')} of ${source}${plan.withRights ? ', rights of infra/rights.ts,' : ''} against ${plan.target}`,
    ...plan.problems.map((problem) => `  ✗ ${problem}`),
    ...stepLines(plan.steps),
    ...plan.risks.flatMap((risk) => riskLines(risk, again).map((line) => `  ${line}`)),
  ];
}

/** The last line of `plan`. */
export function planVerdict(plan: Plan, { target, accepted }: RepeatedFlags): string {
  const apply = `npm run topics -- apply${target}${accepted}`;
  const changes = changesOf(plan.steps).length;
  switch (verdictOf(plan)) {
    case 'as-declared':
      return `✓ Nothing to do: ${allOf(plan)} are as declared.`;
    case 'pending':
      return `${count(changes, 'change')} to make: ${apply}`;
    case 'refused':
      return `✗ Refused: ${refusedBy(plan)}. 'apply' would change nothing at all.`;
    case 'impossible':
      return `✗ ${count(impossible(plan), 'difference')} cannot be changed; ${count(changes, 'change')} can: ${apply}`;
  }
}

/** The last line of `check`. */
export function checkVerdict(plan: Plan, { target, accepted }: RepeatedFlags): string {
  if (verdictOf(plan) === 'as-declared') return `✓ A${allOf(plan).slice(1)} are as declared.`;
  const differences = changesOf(plan.steps).length + impossible(plan) + plan.problems.length;
  return `✗ Not as declared: ${count(differences, 'difference')}. See: npm run topics -- plan${target}${accepted}`;
}

/** The last line of `apply`. */
export function applyVerdict({ applied, after, failure }: ApplyReport): string {
  if (failure !== undefined) {
    const done = applied.length === 0 ? 'Nothing was changed' : `${count(applied.length, 'step')} done, and stays so`;
    return `✗ Stopped: ${failure} ${done}; run it again to go on.`;
  }
  const changes = changesOf(after.steps).length;
  switch (verdictOf(after)) {
    case 'as-declared':
      return applied.length === 0
        ? `✓ Nothing to do: ${allOf(after)} are as declared.`
        : `✓ ${count(applied.length, 'step')} done: ${allOf(after)} are as declared, every partition has a leader.`;
    case 'pending':
      return `✗ ${count(applied.length, 'step')} done, and ${count(changes, 'change')} still to make: somebody else changes these topics. Run it again.`;
    case 'refused':
      return applied.length === 0
        ? `✗ Refused: ${refusedBy(after)}. Nothing was changed.`
        : `✗ ${count(applied.length, 'step')} done, then refused: ${refusedBy(after)}.`;
    case 'impossible':
      return `✗ ${count(applied.length, 'step')} done; ${count(impossible(after), 'difference')} cannot be changed.`;
  }
}

/** What was compared. */
function allOf({ withRights }: Plan): string {
  return withRights ? 'all topics and rights' : 'all topics';
}

function impossible(plan: Plan): number {
  return plan.steps.filter(({ kind }) => kind === 'impossible').length;
}

function refusedBy({ problems, risks }: Plan): string {
  const endangered = risks.filter(({ accepted }) => !accepted).map(({ topic }) => topic);
  return [
    ...(problems.length > 0 ? ['the declarations are wrong'] : []),
    ...(endangered.length > 0 ? [`the order of keys of ${endangered.join(', ')} is in danger`] : []),
  ].join(', and ');
}
