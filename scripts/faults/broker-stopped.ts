import { loseBroker } from './broker-lost.ts';
import type { Scenario } from './scenario.ts';

export const brokerStopped: Scenario = {
  name: 'broker-stopped',
  summary: 'A clean stop of the broker that coordinates the group, and its start.',
  promised: () => ({ doubled: 0, silenceMs: 3_000, recoveredMs: 3_000 }),
  run: loseBroker('stops', (cluster, broker) => cluster.stopBroker(broker)),
};
