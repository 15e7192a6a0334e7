import { createRunTopic, deleteRunTopics } from '../../test/support/ledger/topics.ts';
import { inFlight } from './conditions.ts';
import { networkOf, type Scenario } from './scenario.ts';

const awayMs = 5_000;

export const outputDeleted: Scenario = {
  name: 'output-deleted',
  summary: 'The output topic is deleted and made again 5 s later: what was in it is gone, and nothing else.',
  behindProxy: true,
  // What was on its way when the topic was looked at for the last time goes to the new one.
  promised: (conditions) => ({ doubled: inFlight(conditions), silenceMs: 18_000 }),
  async run(stage) {
    const { topics, cluster, partitions, keepOutputs, allMove, mark, rest } = stage;
    mark('nothing gets to it');
    // What is stored between the last look and the deletion could not be told from what was never written.
    const heal = networkOf(stage).trouble({ topic: topics.output, delayMs: Number.POSITIVE_INFINITY });
    await rest(1_500);
    await keepOutputs();
    mark('it is deleted');
    await deleteRunTopics(cluster.bootstrapServers, [topics.output]);
    heal();
    await rest(awayMs);
    mark('it is made again');
    await createRunTopic(cluster.bootstrapServers, topics.output, partitions);
    await allMove();
    await rest(3_000);
  },
};
