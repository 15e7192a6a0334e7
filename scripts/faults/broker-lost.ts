import type { Scenario } from './scenario.ts';

type Surroundings = Parameters<Scenario['run']>[0];

/** The broker that coordinates the group goes, one way or another, and starts once the others lead everything. */
export function loseCoordinator(
  what: string,
  lose: (cluster: Surroundings['cluster'], broker: number) => Promise<void>,
): Scenario['run'] {
  return async (stage) => {
    const { cluster, coordinator, allMove, mark, rest } = stage;
    const broker = await coordinator();
    mark(`broker ${broker} ${what}`);
    await lose(cluster, broker);
    await allMove();
    await rest(1_000);
    await bringBack(stage, broker, 'it starts');
  };
}

/** Starts a broker that is gone, and waits until the cluster is whole again. */
export async function bringBack(
  { cluster, inSync, mark, rest }: Surroundings,
  broker: number,
  start: string,
): Promise<void> {
  mark(start);
  await cluster.restart(broker);
  // Only about now it takes part: what it holds up is its return's doing, however long it took to start.
  mark('it is back');
  await inSync();
  await rest(2_000);
}
