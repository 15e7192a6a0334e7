import type { Scenario } from './scenario.ts';

export const brokerKilled: Scenario = {
  name: 'broker-killed',
  summary: 'kill -9 of the broker that coordinates the group, and its start once the others lead everything.',
  promised: () => ({ silenceMs: 12_000, recoveredMs: 12_000 }),
  async run({ cluster, coordinator, allMove, inSync, mark, rest }) {
    const broker = await coordinator();
    mark(`broker ${broker} killed`);
    await cluster.kill(broker);
    await allMove();
    await rest(1_000);
    mark('it starts');
    await cluster.restart(broker);
    await inSync();
    await rest(2_000);
  },
};
