import { loseBroker } from './broker-lost.ts';
import type { Scenario } from './scenario.ts';

export const brokersRestarted: Scenario = {
  name: 'brokers-restarted',
  summary: 'Each broker in turn is stopped cleanly and started again, as an upgrade of the cluster does.',
  promised: () => ({ doubled: 0, silenceMs: 3_000, recoveredMs: 3_000 }),
  async run(stage) {
    const stop = (cluster: typeof stage.cluster, broker: number): Promise<void> => cluster.stopBroker(broker);
    for (const { id } of stage.cluster.brokers) await loseBroker('stops', stop, async () => id)(stage);
  },
};
