import { loseBroker, notCoordinator } from './broker-lost.ts';
import type { Scenario } from './scenario.ts';

export const brokerKilled: Scenario = {
  name: 'broker-killed',
  summary: 'kill -9 of the broker that coordinates the group, and its start once the others lead everything.',
  promised: () => ({ silenceMs: 12_000, recoveredMs: 12_000 }),
  run: loseBroker('killed', (cluster, broker) => cluster.kill(broker)),
};

export const otherBrokerKilled: Scenario = {
  name: 'other-broker-killed',
  summary: 'kill -9 of a broker that does not coordinate the group, and its start once the others lead everything.',
  promised: () => ({ silenceMs: 12_000, recoveredMs: 12_000 }),
  run: loseBroker('killed', (cluster, broker) => cluster.kill(broker), notCoordinator),
};
