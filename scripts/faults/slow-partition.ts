import { networkOf, type Scenario } from './scenario.ts';

const eachWayMs = 500;

export const slowPartition: Scenario = {
  name: 'slow-partition',
  summary: 'Writing an output takes 1 s longer for 10 s in a third of the partitions: no other stands still for it.',
  behindProxy: true,
  // Of the others: those that are slow are not measured.
  promised: () => ({ doubled: 0, silenceMs: 1_500 }),
  async run(stage) {
    const { topics, leaders, exempt, allMove, mark, rest } = stage;
    const leading = await leaders(topics.output);
    const [slow = 1] = leading;
    exempt(leading.flatMap((leader, partition) => (leader === slow ? [partition] : [])));
    mark(`broker ${slow} is slow`);
    const heal = networkOf(stage).trouble({ topic: topics.output, brokers: [slow], delayMs: eachWayMs });
    await rest(10_000);
    mark('and no more');
    heal();
    await allMove();
    await rest(2_000);
  },
};
