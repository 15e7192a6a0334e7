import type { Scenario } from './scenario.ts';

type Surroundings = Parameters<Scenario['run']>[0];

/** The broker that coordinates the group goes, one way or another, and starts once the others lead everything. */
export function loseCoordinator(
  what: string,
  lose: (cluster: Surroundings['cluster'], broker: number) => Promise<void>,
): Scenario['run'] {
  return async ({ cluster, coordinator, allMove, inSync, mark, rest }) => {
    const broker = await coordinator();
    mark(`broker ${broker} ${what}`);
    await lose(cluster, broker);
    await allMove();
    await rest(1_000);
    mark('it starts');
    await cluster.restart(broker);
    // Only about now it takes part: what it holds up is its return's doing, however long it took to start.
    mark('it is back');
    await inSync();
    await rest(2_000);
  };
}
