import { configureRunTopic } from '../../test/support/ledger/topics.ts';
import type { Scenario } from './scenario.ts';

export const deadLettersRefused: Scenario = {
  name: 'dead-letters-refused',
  summary: 'The dead-letter topic takes nothing for 8 s: partitions with a bad record wait, in order.',
  functionDoubles: true,
  promised: () => ({ doubled: 0 }),
  async run({ cluster, topics, allMove, mark, rest }) {
    mark('refused');
    await configureRunTopic(cluster.bootstrapServers, topics.deadLetters, { 'max.message.bytes': '64' });
    await rest(8_000);
    mark('taken');
    await configureRunTopic(cluster.bootstrapServers, topics.deadLetters, {});
    await allMove();
    await rest(2_000);
  },
};
