import { backlogOf, decide, noHistory, remember } from '../../infra/scaling/decide.ts';
import type { Downstream, ScalingPolicy, ScalingState } from '../../infra/scaling/policy.ts';
import { reversalsOf } from '../support/reversals.ts';
import { createLagWindow } from './lag-window.ts';
import type { GroupPosition } from './offsets.ts';
import { createReplacements, type InstanceLife } from './replacements.ts';
import { createScalingLog, type Scaling, type ScalingReport } from './scaling-log.ts';

/** What the autoscaler sees, and moves. */
export interface ScaledGroup {
  /** All that were ever started. */
  readonly instances: readonly InstanceLife[];
  /** Whether every partition has an owner. */
  whole(): boolean;
  add(): void;
  /** Stops the last one in order; does not wait. */
  remove(): void;
  position(): Promise<GroupPosition>;
  downstream(): Promise<Downstream>;
}

/** What the live view shows of it. */
export interface ScalingView {
  readonly policy: string;
  readonly minimum: number;
  readonly maximum: number;
  /** Instances asked for. */
  readonly instances: number;
  /** What rate and lag need now, before the policy's windows. */
  readonly wanted: number;
  readonly reason: string;
  /** Whether the last change is complete: all joined, or left, and every partition owned. */
  readonly settled: boolean;
  readonly ratePerSecond: number;
  readonly backlog: number;
  /** Newest last. */
  readonly scalings: readonly Scaling[];
  readonly reversals: number;
  readonly peakLag: number;
}

export interface Autoscaler {
  /** Looks once, and does what follows from it. Rejects when no broker answers: nothing is known then, and nothing done. */
  look(): Promise<void>;
  view(): ScalingView;
  report(): ScalingReport;
  /** Whether nothing is left to do: the minimum, settled, and no more wanted. */
  atRest(): boolean;
  stop(): void;
}

export interface AutoscalerOptions {
  readonly policy: ScalingPolicy;
  readonly group: ScaledGroup;
  readonly onEvent: (text: string) => void;
  readonly now?: () => number;
}

const shownScalings = 6;

/** Follows the policy, one change at a time: the next is decided when the last has settled. */
export function createAutoscaler({ policy, group, onEvent, now = Date.now }: AutoscalerOptions): Autoscaler {
  const window = createLagWindow();
  const log = createScalingLog();
  const replacements = createReplacements();
  const startedAtMs = now();
  let target = working().length;
  let history = noHistory;
  let wanted = target;
  let reason = 'nothing known yet';
  let backlog = 0;
  let settled = false;
  let stopped = false;

  /** Alive, and not asked to leave. */
  function working(): readonly InstanceLife[] {
    return group.instances.filter(({ state, endedAtMs }) => endedAtMs === undefined && state !== 'leaving');
  }

  const active = (): number => working().filter(({ state }) => state === 'active' || state === 'degraded').length;
  const leaving = (): boolean => group.instances.some((one) => one.endedAtMs === undefined && one.state === 'leaving');

  /** Puts another in the place of one that died. */
  function replace(): void {
    const due = replacements.due(group.instances, now());
    const missing = target - working().length;
    if (missing <= 0 || !due) return;
    onEvent(`${missing} of ${target} instances ${missing === 1 ? 'is' : 'are'} gone: replaced`);
    for (let left = missing; left > 0; left -= 1) {
      group.add();
      log.replaced();
    }
  }

  function change(to: number): void {
    const scaling: Scaling = { atMs: now(), from: target, to, reason };
    log.scaled(scaling);
    onEvent(`scaled ${target} \u2192 ${to}: ${reason}`);
    for (let count = target; count < to; count += 1) group.add();
    for (let count = target; count > to; count -= 1) group.remove();
    target = to;
    settled = false;
  }

  function judge(downstream: Downstream): void {
    const lag = window.lag();
    if (lag === undefined) return;
    const state: ScalingState = {
      ...{ nowMs: now(), instances: target, lag, ratePerSecond: window.ratePerSecond(), downstream, history },
    };
    const decision = decide(policy, state);
    backlog = Math.ceil(backlogOf(policy, state));
    wanted = decision.wanted;
    reason = decision.reason;
    // What is wanted while a change is under way counts for the windows; it is acted on when the change has settled.
    const instances = settled ? decision.instances : target;
    history = remember(policy, state, { ...decision, instances });
    if (instances !== target) change(instances);
  }

  async function look(): Promise<void> {
    replace();
    const [position, downstream] = await Promise.all([group.position(), group.downstream()]);
    if (stopped) return;
    window.add(now(), position);
    const allWork = active() === target && working().length === target;
    if (allWork) replacements.allWork();
    settled = allWork && !leaving() && group.whole();
    judge(downstream);
    const arrived = position.committed.reduce((sum, offset) => sum + offset, position.lag);
    log.look({ atMs: now() - startedAtMs, arrived, lag: position.lag, backlog, active: active(), target });
  }

  return {
    look,
    view: () => ({
      ...{ policy: policy.name, minimum: policy.minimum, maximum: policy.maximum },
      ...{ instances: target, wanted, reason, settled, ratePerSecond: window.ratePerSecond(), backlog },
      ...{
        scalings: log.scalings().slice(-shownScalings),
        reversals: reversalsOf(log.scalings(), policy),
        peakLag: log.peakLag(),
      },
    }),
    report: () => log.report(policy),
    atRest: () => settled && target === policy.minimum && wanted <= policy.minimum && backlog === 0,
    stop() {
      stopped = true;
    },
  };
}

/** Looks every `intervalSeconds` of the policy, one look at a time. */
export function startAutoscaler(options: AutoscalerOptions): Autoscaler {
  const autoscaler = createAutoscaler(options);
  let looking = false;
  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    await autoscaler.look().catch(() => undefined);
    looking = false;
  }
  const timer = setInterval(() => void look(), options.policy.intervalSeconds * 1_000);
  void look();
  return {
    ...autoscaler,
    stop() {
      clearInterval(timer);
      autoscaler.stop();
    },
  };
}
