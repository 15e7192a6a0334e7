import { messageOf } from '../../functions/runtime/errors.ts';
import type { Brokers } from './brokers.ts';
import type { EventLog } from './events.ts';
import type { Feeder } from './feeder.ts';
import type { Fleet } from './fleet.ts';
import type { Action, PlannedAction } from './plan.ts';

/** What can be done to a running pipeline. */
export interface Stage {
  readonly brokers: Brokers;
  readonly fleet: Fleet;
  readonly feeder: Feeder;
  readonly events: EventLog;
  /** Whether an autoscaler decides how many instances there are. */
  readonly scaled: boolean;
}

const maxInstances = 35;

/** Does what a key, or a plan, asks for. Whatever comes of it is told as an event. */
export function perform(action: Action, stage: Stage): void {
  run(action, stage).catch((error: unknown) => {
    const [reason] = messageOf(error).split('\n');
    stage.events.add(`${action.kind} failed: ${reason}`);
  });
}

async function run(action: Action, { brokers, fleet, feeder, events, scaled }: Stage): Promise<void> {
  if (scaled && (action.kind === 'add' || action.kind === 'remove')) {
    events.add('the autoscaler decides how many instances there are');
    return;
  }
  switch (action.kind) {
    case 'add':
      for (let left = action.count; left > 0; left -= 1) {
        if (fleet.instances.length >= maxInstances) events.add(`${maxInstances} instances were started: no more`);
        else events.add(`instance ${fleet.add().id} starts`);
      }
      return;
    case 'remove':
      for (let left = action.count; left > 0; left -= 1) fleet.remove();
      return;
    case 'kill':
      fleet.kill(action.id);
      return;
    case 'poison':
      events.add(`${action.count} poison records`);
      await feeder.poison(action.count);
      return;
    case 'rate':
      events.add(`feeding ${action.perSecond}/s`);
      feeder.setRate(action.perSecond);
      return;
    case 'kill-broker':
    case 'restart-broker':
      if (!brokers.local) events.add('brokers can be killed in the local cluster only');
      else if (action.kind === 'kill-broker') {
        const id = await brokers.kill(action.id);
        events.add(id === undefined ? 'no such broker runs' : `broker ${id} got kill -9`);
      } else {
        const ids = await brokers.restart();
        events.add(ids.length === 0 ? 'all brokers run' : `broker ${ids.join(', ')} restarted`);
      }
  }
}

/** Carries a plan out from now on; returns how to drop the rest of it. */
export function follow(plan: readonly PlannedAction[], stage: Stage): () => void {
  const timers = plan.map(({ atMs, action }) => setTimeout(perform, atMs, action, stage));
  return () => {
    for (const timer of timers) clearTimeout(timer);
  };
}
