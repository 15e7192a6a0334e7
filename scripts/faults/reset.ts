import { networkOf, type Scenario } from './scenario.ts';

export const reset: Scenario = {
  name: 'reset',
  summary: 'All connections of all instances are reset, three times.',
  behindProxy: true,
  promised: () => ({ doubled: 0, silenceMs: 3_500 }),
  async run(stage) {
    const { members, allMove, mark, rest } = stage;
    for (let time = 1; time <= 3; time += 1) {
      mark('reset');
      for (const { client } of members) networkOf(stage).reset(client);
      await allMove();
      await rest(1_000);
    }
  },
};
