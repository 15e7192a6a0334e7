import { drainDeadlineMs } from './conditions.ts';
import type { Scenario } from './scenario.ts';

export const rolling: Scenario = {
  name: 'rolling',
  summary: 'A rolling restart: each instance in turn gets SIGTERM, and another is started in its place.',
  promised: () => ({ doubled: 0, silenceMs: 4_000, exitMs: drainDeadlineMs }),
  async run({ members, crew, mark, rest }) {
    for (const [index, member] of members.entries()) {
      mark(`instance ${index + 1}`);
      await member.stop();
      crew.add(1);
      await crew.settled();
      await rest(500);
    }
    await rest(1_000);
  },
};
