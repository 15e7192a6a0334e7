import type { Scenario } from './scenario.ts';

const frozenMs = 20_000;

export const brokerFrozen: Scenario = {
  name: 'broker-frozen',
  summary: 'The broker that coordinates the group hangs for 20 s: it keeps its connections and answers nothing.',
  // Leaders move after 9 s, or 12 to 13 where it leads the controllers as well.
  promised: () => ({ silenceMs: 15_000, recoveredMs: 15_000 }),
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
