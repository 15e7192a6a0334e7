import type { Scenario } from './scenario.ts';

export const poison: Scenario = {
  name: 'poison',
  summary: 'Half of all records are bad, of every kind.',
  poisonShare: 0.5,
  promised: () => ({ doubled: 0, silenceMs: 1_000 }),
  async run({ mark, rest }) {
    mark('half are bad');
    await rest(8_000);
  },
};
