import { type Principal, rightsProblems } from '../../infra/rights.ts';
import { declarationProblems, type TopicDeclaration } from '../../infra/topics.ts';
import { changesOf, difference, type Step } from './difference.ts';
import { type Examined, examine } from './guard/evidence.ts';
import { type Risk, risksOf } from './guard/risks.ts';
import { rightSteps } from './rights.ts';
import type { LiveTopic, TopicsTarget } from './target.ts';

/** A risk, with what was seen on the live topic, and whether the operator takes it. */
export type ExaminedRisk = Risk & Examined & { readonly accepted: boolean };

/** What there is to do, and what stands against it. */
export interface Plan {
  readonly target: string;
  readonly declared: number;
  /** What is wrong with the declarations themselves. */
  readonly problems: readonly string[];
  readonly steps: readonly Step[];
  /** Whether users have rights there, and some are declared. */
  readonly withRights: boolean;
  readonly risks: readonly ExaminedRisk[];
}

/** How to plan. */
export interface PlanOptions {
  readonly declared: readonly TopicDeclaration[];
  /** The users, where the cluster has an authorizer. */
  readonly principals: readonly Principal[];
  /** Topics whose keys may move. */
  readonly accepted: readonly string[];
  /** About how many of the last records of an endangered topic are read. */
  readonly sample: number;
}

/** Compares, and where the order of keys is in danger, looks at the live topic. Changes nothing. */
export async function makePlan(target: TopicsTarget, options: PlanOptions): Promise<Plan> {
  const { declared, accepted, sample, principals } = options;
  const { live, steps, withRights } = await compare(target, options);
  const risks: ExaminedRisk[] = [];
  for (const risk of risksOf(steps, declared, live)) {
    const examined = await examine(target.kafka ?? target.kafkaTrouble, risk, sample);
    risks.push({ ...risk, ...examined, accepted: accepted.includes(risk.topic) });
  }
  return {
    target: target.description,
    declared: declared.length,
    problems: [...declarationProblems(declared), ...rightsProblems(principals, declared)],
    steps,
    withRights,
    risks,
  };
}

/** What lies between the declarations and the cluster, as it is now. */
export async function compare(
  target: TopicsTarget,
  { declared, principals }: Pick<PlanOptions, 'declared' | 'principals'>,
): Promise<{ live: readonly LiveTopic[]; steps: readonly Step[]; withRights: boolean }> {
  const live = await target.describe();
  const rights = principals.length === 0 ? undefined : await target.rights();
  const steps = [...difference(declared, live), ...rightSteps(principals, rights)];
  return { live, steps, withRights: rights !== undefined };
}

/**
 * `as-declared`: nothing to do. `pending`: `apply` can do all there is. `refused`: nothing may be applied, since the
 * declarations are wrong or the order of keys is in danger. `impossible`: some differences no step can remove.
 */
export type Verdict = 'as-declared' | 'pending' | 'refused' | 'impossible';

export function verdictOf({ problems, risks, steps }: Plan): Verdict {
  if (problems.length > 0 || risks.some(({ accepted }) => !accepted)) return 'refused';
  if (steps.some(({ kind }) => kind === 'impossible')) return 'impossible';
  return changesOf(steps).length > 0 ? 'pending' : 'as-declared';
}
