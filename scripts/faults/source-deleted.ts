import { inFlight } from './conditions.ts';
import { networkOf, type Scenario } from './scenario.ts';

/** Long enough for the new topic to have the offsets at which the group stood in the old one. */
const watchedMs = 15_000;

/** The source topic goes while records are under way, and comes back so much later, empty. */
function deleted(awayMs: number): Scenario['run'] {
  return async (stage) => {
    const { topics, deleteSource, remakeSource, allMove, mark, rest } = stage;
    mark('records wait');
    const heal = networkOf(stage).trouble({ topic: topics.output, delayMs: Number.POSITIVE_INFINITY });
    await rest(1_500);
    mark('it is deleted');
    await deleteSource();
    heal();
    await rest(awayMs);
    mark('it is made again');
    await remakeSource();
    await allMove();
    await rest(watchedMs);
  };
}

export const sourceDeleted: Scenario = {
  name: 'source-deleted',
  summary: 'The source topic is deleted under load and made again 8 s later: all of the new one is handled, once.',
  behindProxy: true,
  // Brokers learn of the new topic one after the other: to one that does not know it yet, it is deleted once more.
  promised: (conditions) => ({ doubled: inFlight(conditions) }),
  run: deleted(8_000),
};

export const sourceRemade: Scenario = {
  ...sourceDeleted,
  name: 'source-remade',
  summary: 'The same with the topic back after 1 s: what instances still do of the old one is no progress in the new.',
  run: deleted(1_000),
};
