import type { InstanceState } from './instance.ts';

/** What is known of an instance from outside. */
export interface InstanceLife {
  readonly id: number;
  readonly state: InstanceState;
  readonly endedAtMs: number | undefined;
}

/** When an instance that has died may be replaced. */
export interface Replacements {
  /** Whether those that are missing may be started now. */
  due(instances: readonly InstanceLife[], nowMs: number): boolean;
  /** All that were asked for work. */
  allWork(): void;
}

/** One that dies before it ever worked is not started again at once: it would only die again. */
const pausesMs = [0, 1_000, 2_000, 5_000, 10_000, 30_000];

export function createReplacements(): Replacements {
  const known = new Set<number>();
  let deaths = 0;
  let dueAtMs = 0;
  return {
    due(instances, nowMs) {
      for (const { id, state, endedAtMs } of instances) {
        if (endedAtMs === undefined || known.has(id)) continue;
        known.add(id);
        if (state === 'left') continue;
        dueAtMs = nowMs + (pausesMs[Math.min(deaths, pausesMs.length - 1)] ?? 0);
        deaths += 1;
      }
      return nowMs >= dueAtMs;
    },
    allWork() {
      deaths = 0;
    },
  };
}
