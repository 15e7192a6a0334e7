import type { Scenario } from './scenario.ts';

const forMs = 8_000;

export const steady: Scenario = {
  name: 'steady',
  summary: 'Nothing happens: what the other rows are to be compared with.',
  promised: () => ({ doubled: 0, silenceMs: 1_000 }),
  async run({ mark, rest }) {
    mark('nothing');
    await rest(forMs);
  },
};
