import type { Scenario } from './scenario.ts';

export const stranger: Scenario = {
  name: 'stranger',
  summary: 'A member that reads another topic joins the group by mistake, and leaves again.',
  containerOnly: 'the service makes a group of its own for a mapping, which nobody else is in',
  promised: () => ({ doubled: 0, silenceMs: 4_000 }),
  async run({ addStranger, allMove, mark, rest }) {
    mark('a stranger joins');
    const leave = await addStranger();
    await allMove();
    await rest(3_000);
    mark('it leaves');
    await leave();
    await allMove();
    await rest(2_000);
  },
};
