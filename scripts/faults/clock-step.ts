import type { Scenario } from './scenario.ts';

const hourMs = 3_600_000;
/** Longer than a session. */
const stretchMs = 13_000;

export const clockStep: Scenario = {
  name: 'clock-step',
  summary: "The instances' clock goes an hour ahead, and 13 s later to an hour behind; then one more instance joins.",
  withClock: true,
  // Of an instance. A function's deadline is by the service's clock: while its own is ahead of that, it hands all back undone.
  promised: () => ({ doubled: 0, silenceMs: 4_000 }),
  async run({ crew, setClock, allMove, mark, rest }) {
    for (const [text, offMs] of [
      ['an hour ahead', hourMs],
      ['an hour behind', -hourMs],
    ] as const) {
      mark(text);
      await setClock(offMs);
      await rest(stretchMs);
    }
    mark('one joins');
    crew.add(1);
    await crew.settled();
    await allMove();
  },
};
