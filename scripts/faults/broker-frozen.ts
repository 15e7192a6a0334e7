import type { Scenario } from './scenario.ts';

const frozenMs = 20_000;

export const brokerFrozen: Scenario = {
  name: 'broker-frozen',
  summary: 'The broker that coordinates the group hangs for 20 s: it keeps its connections and answers nothing.',
  promised: () => ({}),
  async run({ cluster, coordinator, allMove, inSync, mark, rest }) {
    const broker = await coordinator();
    const untilMs = Date.now() + frozenMs;
    mark(`broker ${broker} hangs`);
    await cluster.pause(broker);
    await rest(untilMs - Date.now());
    mark('it goes on');
    await cluster.resume(broker);
    await allMove();
    await inSync();
    await rest(2_000);
  },
};
