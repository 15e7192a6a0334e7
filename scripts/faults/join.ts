import type { Scenario } from './scenario.ts';

export const join: Scenario = {
  name: 'join',
  summary: 'Instances join under load, 2 -> 4 -> 6.',
  startsWith: 2,
  promised: () => ({ doubled: 0, silenceMs: 4_000 }),
  async run({ crew, mark, rest }) {
    for (const count of [4, 6]) {
      mark(`two join, to ${count}`);
      crew.add(2);
      await crew.settled();
      await rest(1_500);
    }
  },
};
