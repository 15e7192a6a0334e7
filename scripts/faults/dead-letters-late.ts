import { networkOf, type Scenario } from './scenario.ts';

/** Everything that is written to the dead-letter topic, and its answers, come so much later for a time. */
function late(delayMs: number, forMs: number): Scenario['run'] {
  return async (stage) => {
    const { topics, allMove, mark, rest } = stage;
    mark('dead letters are late');
    const heal = networkOf(stage).trouble({ topic: topics.deadLetters, delayMs });
    await rest(forMs);
    mark('and no more');
    heal();
    await allMove();
    await rest(2_000);
  };
}

export const deadLettersSlow: Scenario = {
  name: 'dead-letters-slow',
  summary:
    'Writing a dead letter takes 1 s longer for 10 s: a tenth of the records are bad, and no other waits for them.',
  behindProxy: true,
  poisonShare: 0.1,
  functionDoubles: true,
  promised: () => ({ doubled: 0, silenceMs: 4_000 }),
  run: late(500, 10_000),
};

export const deadLettersHang: Scenario = {
  name: 'dead-letters-hang',
  summary:
    'The dead-letter topic says nothing for 20 s, and no connection is closed: partitions with a bad record wait.',
  behindProxy: true,
  functionDoubles: true,
  promised: () => ({ doubled: 0 }),
  run: late(Number.POSITIVE_INFINITY, 20_000),
};
