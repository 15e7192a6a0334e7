import type { Scenario } from './scenario.ts';

export const brokersRestarted: Scenario = {
  name: 'brokers-restarted',
  summary: 'Each broker in turn is stopped cleanly and started again, as an upgrade of the cluster does.',
  promised: () => ({ doubled: 0, silenceMs: 3_000, recoveredMs: 3_000 }),
  async run({ cluster, inSync, mark, rest }) {
    for (const { id } of cluster.brokers) {
      mark(`broker ${id} restarts`);
      await cluster.restart(id);
      await inSync();
      await rest(1_000);
    }
  },
};
