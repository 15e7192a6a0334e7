import type { Scenario } from './scenario.ts';

export const brokerStopped: Scenario = {
  name: 'broker-stopped',
  summary: 'A clean stop of the broker that coordinates the group, and its start.',
  promised: () => ({ doubled: 0, silenceMs: 3_000, recoveredMs: 3_000 }),
  async run({ cluster, coordinator, allMove, inSync, mark, rest }) {
    const broker = await coordinator();
    mark(`broker ${broker} stops`);
    await cluster.stopBroker(broker);
    await allMove();
    await rest(1_000);
    mark('it starts');
    await cluster.restart(broker);
    await inSync();
    await rest(2_000);
  },
};
