import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, onTestFinished } from 'vitest';
import { type LocalCluster, openCluster } from '../../infra/cluster/cluster.ts';
import { whileLocked } from './database.ts';
import type { Instance } from './instance.ts';
import type { Fault } from './mutants.ts';
import { coordinatorOf, sharesOf } from './pipeline.ts';
import { anyClaim, positionApart } from './storage-bugs.ts';
import type { StorageRun } from './storage-run.ts';

/** A bad day of storage, and the bug that would spoil it. */
export interface StorageProof {
  readonly name: string;
  /** Returns the instances that are there in the end. `downMs`: how long what is stopped stays away. */
  readonly harm: (run: StorageRun, downMs: number) => Promise<readonly Instance[]>;
  /** Storage that must not pass, and what is said of it. */
  readonly bug: Fault;
  readonly told: RegExp;
}

/** Records a second, of each proof. */
export const rate = 200;

/** The rows come out right all the same, as a rule: what relies on the position (analytics) would read windows with holes. */
const apart = { bug: positionApart, told: /^\d+ rows were written apart from any position/ } as const;

export const killed: StorageProof = {
  ...{ name: 'kill -9 of one of two', ...apart },
  async harm({ instances: [victim, other] }) {
    await sleep(2_000);
    await victim.kill();
    await sharesOf([other], 12);
    return [other];
  },
};

const rebalances: StorageProof = {
  ...{ name: 'one joins, and another leaves', ...apart },
  async harm({ instances: [first, second], start }) {
    await sleep(2_000);
    const third = start();
    await sharesOf([first, second, third], 12);
    await sleep(1_000);
    expect(await first.stop()).toEqual({ code: 0, signal: null });
    await sharesOf([second, third], 12);
    await sleep(1_000);
    return [second, third];
  },
};

const moved: StorageProof = {
  ...{ name: 'the group goes from containers to a function, and back', ...apart },
  async harm({ instances, start, startMapping }) {
    await sleep(2_000);
    for (const instance of instances) expect(await instance.stop()).toEqual({ code: 0, signal: null });
    const mapping = await startMapping();
    await sleep(3_000);
    expect((await mapping.stop()).records).toBeGreaterThan(rate);
    const last = start();
    await sharesOf([last], 12);
    await sleep(1_000);
    return [last];
  },
};

const stopped: StorageProof = {
  ...{ name: 'the primary is stopped: partitions wait, and the backlog drains by itself', ...apart },
  async harm({ servers, instances }, downMs) {
    await sleep(2_000);
    await servers.local.stopServer(1);
    await instances[0].line('A dependency is down: the partition waits');
    const waiting = { status: 'degraded', waitsForDownstream: true };
    const ready = async () => (await instances[0].get('/ready')).json();
    await expect.poll(ready, { timeout: 20_000 }).toMatchObject(waiting);
    await sleep(downMs);
    await servers.local.startServer(1);
    return instances;
  },
};

const failover: StorageProof = {
  ...{ name: 'failover to the replica, twice', ...apart },
  async harm(run) {
    for (let turn = 0; turn < 2; turn += 1) {
      await sleep(2_000);
      await run.servers.local.failover();
      await goesOn(run, rate);
    }
    return run.instances;
  },
};

const replica: StorageProof = {
  ...{ name: 'a replica that hangs holds up nothing', ...apart },
  async harm(run) {
    await run.servers.local.pause(2);
    onTestFinished(() => run.servers.local.resume(2));
    await goesOn(run, 2 * rate, 30_000);
    await run.servers.local.resume(2);
    return run.instances;
  },
};

const brokerKilled: StorageProof = {
  ...{ name: 'the broker that coordinates the group is killed, and comes back', ...apart },
  async harm(run) {
    const cluster = sharedCluster();
    await sleep(2_000);
    const broker = await coordinatorOf(run.pipeline.groupId);
    await cluster.kill(broker);
    onTestFinished(async () => {
      if (cluster.brokers.some(({ state }) => state !== 'running')) await cluster.restart(broker);
    });
    await goesOn(run, rate);
    await cluster.restart(broker);
    return run.instances;
  },
};

/**
 * In the middle of batches, some of which have not come to the database yet: they go on when it thaws. The coordinator says nothing
 * in that moment, so that nobody but the database can tell it that the partitions are another's.
 */
const frozen: StorageProof = {
  ...{ name: 'an owner is frozen until another has its partitions, and thaws: it writes nothing more in their name' },
  ...{ bug: anyClaim, told: /^one wrote in partition \d+ \(claim \d+\), two's$/ },
  async harm({ servers, pipeline, instances }) {
    const cluster = sharedCluster();
    const [owner, other] = instances;
    await sleep(2_000);
    await whileLocked(servers.local, 1, async () => {
      await sleep(700);
      owner.send('SIGSTOP');
    });
    await sharesOf([other], 12, 60_000);
    await sleep(3_000);
    const broker = await coordinatorOf(pipeline.groupId);
    await cluster.pause(broker);
    onTestFinished(() => cluster.resume(broker));
    owner.send('SIGCONT');
    await sleep(1_500);
    await cluster.resume(broker);
    await sharesOf(instances, 12, 60_000);
    return instances;
  },
};

/** Waits until so many more snapshots are stored. */
async function goesOn({ stored }: StorageRun, more: number, timeout = 60_000): Promise<void> {
  const before = await stored();
  await expect.poll(stored, { timeout }).toBeGreaterThan(before + more);
}

function sharedCluster(): LocalCluster {
  const cluster = openCluster(inject('clusterDir'));
  if (!cluster) throw new Error('the cluster of this project is not there');
  return cluster;
}

/** All of them, the short one first. */
export const proofs: readonly StorageProof[] = [
  killed,
  rebalances,
  moved,
  stopped,
  failover,
  replica,
  brokerKilled,
  frozen,
];
