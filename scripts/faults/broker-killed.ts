import { loseCoordinator } from './broker-lost.ts';
import type { Scenario } from './scenario.ts';

export const brokerKilled: Scenario = {
  name: 'broker-killed',
  summary: 'kill -9 of the broker that coordinates the group, and its start once the others lead everything.',
  promised: () => ({ silenceMs: 12_000, recoveredMs: 12_000 }),
  run: loseCoordinator('killed', (cluster, broker) => cluster.kill(broker)),
};
