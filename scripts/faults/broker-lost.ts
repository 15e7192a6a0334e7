import type { Scenario } from './scenario.ts';

type Surroundings = Parameters<Scenario['run']>[0];

/**
 * A broker goes, one way or another, and starts once the others lead everything.
 * @param choose which: the group's coordinator, without it
 */
export function loseBroker(
  what: string,
  lose: (cluster: Surroundings['cluster'], broker: number) => Promise<void>,
  choose: (stage: Surroundings) => Promise<number> = ({ coordinator }) => coordinator(),
): Scenario['run'] {
  return async (stage) => {
    const { cluster, allMove, mark, rest } = stage;
    const broker = await choose(stage);
    mark(`broker ${broker} ${what}`);
    await lose(cluster, broker);
    await allMove();
    await rest(1_000);
    await bringBack(stage, broker, 'it starts');
  };
}

/** The first broker that does not coordinate the group: it leads a third of the partitions, and commits go on. */
export async function notCoordinator({ cluster, coordinator }: Surroundings): Promise<number> {
  const busy = await coordinator();
  const other = cluster.brokers.find(({ id }) => id !== busy);
  if (!other) throw new Error(`the cluster has no broker but ${busy}, which coordinates the group`);
  return other.id;
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
