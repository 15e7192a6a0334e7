import { drainDeadlineMs } from './conditions.ts';
import type { Scenario } from './scenario.ts';

export const sigterm: Scenario = {
  name: 'sigterm',
  summary: 'SIGTERM under load, 6 -> 4 -> 2 -> 1 instances: an orderly leave.',
  startsWith: 6,
  promised: () => ({ doubled: 0, silenceMs: 4_000, exitMs: drainDeadlineMs }),
  async run({ members, crew, mark, rest }) {
    for (const [count, leaving] of [
      [4, members.slice(0, 2)],
      [2, members.slice(2, 4)],
      [1, members.slice(4, 5)],
    ] as const) {
      mark(`SIGTERM, to ${count}`);
      await Promise.all(leaving.map((member) => member.stop()));
      await crew.settled();
      await rest(1_500);
    }
  },
};
