import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from '../support/command.ts';
import { type Change, changesOf } from './difference.ts';
import { compare, makePlan, type Plan, type PlanOptions, verdictOf } from './plan.ts';
import type { TopicsTarget } from './target.ts';

/** A step that was taken. */
export interface Applied {
  readonly step: Change;
  /** `existed`: somebody else created the topic meanwhile. */
  readonly result: 'done' | 'existed';
  readonly ms: number;
}

/** What `apply` did. */
export interface ApplyReport {
  readonly before: Plan;
  readonly applied: readonly Applied[];
  /** How it is in the end; what it was before when nothing was to be done, or might be. */
  readonly after: Plan;
  /** Why it stopped half way. What is done stays done. */
  readonly failure?: string;
}

/** Who is told what happens while it happens. */
export interface ApplyListener {
  readonly onPlan: (plan: Plan) => void;
  readonly onApplied: (applied: Applied) => void;
}

/** After the changes, brokers may show the old state for a moment. */
const settleMs = 10_000;
/** A topic that someone creates while this runs may differ from its declaration, and is changed in the next round. */
const mostRounds = 3;

/** Takes every step, and then looks again. Refuses as a whole: with a refused step, none is taken. */
export async function applyPlan(
  target: TopicsTarget,
  options: PlanOptions,
  listener: ApplyListener,
): Promise<ApplyReport> {
  const before = await makePlan(target, options);
  listener.onPlan(before);
  const applied: Applied[] = [];
  let after = before;
  try {
    for (let round = 0; round < mostRounds; round += 1) {
      const changes = changesOf(after.steps);
      if (verdictOf(after) === 'refused' || changes.length === 0) break;
      for (const step of changes) {
        const startedAt = performance.now();
        const result = await take(target, step);
        const one = { step, result, ms: Math.round(performance.now() - startedAt) };
        applied.push(one);
        listener.onApplied(one);
      }
      await target.waitUntilReady(options.declared.map(({ name }) => name));
      await settle(target, options);
      after = await makePlan(target, options);
    }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { before, applied, after, failure: error.message };
  }
  return { before, applied, after };
}

async function take(target: TopicsTarget, step: Change): Promise<Applied['result']> {
  if (step.kind === 'create') return (await target.create(step.topic)) === 'existed' ? 'existed' : 'done';
  if (step.kind === 'set-configs') {
    await target.setConfigs(step.name, new Map(step.changes.map(({ setting, to }) => [setting, to])));
  } else if (step.kind === 'grant') {
    await target.grant(step.rights);
  } else {
    await target.addPartitions(step.name, step.to);
  }
  return 'done';
}

async function settle(target: TopicsTarget, options: PlanOptions): Promise<void> {
  const deadline = Date.now() + settleMs;
  while (changesOf((await compare(target, options)).steps).length > 0 && Date.now() < deadline) {
    await delay(100);
  }
}
