import { endsOf } from './health.ts';
import { committedOffsets, moveBack, putOutOfRange } from './operator.ts';
import type { Scenario, Stage } from './scenario.ts';

/** For so long records come in that nobody reads, until some of them are removed. */
const awayMs = 3_000;
const watchedMs = 3_000;

/** So many partitions of each kind: of 60, the first three and the next three. */
function shareOf({ partitions }: Stage): number[] {
  return Array.from({ length: Math.max(1, Math.floor(partitions / 20)) }, (_, index) => index);
}

/** All leave, the offsets of some partitions are put out of range, and as many instances start again. */
async function startOutOfRange(stage: Stage, deleted: readonly number[], beyond: readonly number[]) {
  const { crew, members, operated, mark, rest } = stage;
  mark('all leave');
  await crew.stopAll();
  await rest(awayMs);
  const done = await putOutOfRange(stage, deleted, beyond);
  operated(done);
  mark('offsets are out of range, and instances start');
  const before = await standing(stage);
  crew.add(members.length);
  await crew.settled();
  return { ...done, before };
}

/** Where outputs end and where the group stands. */
async function standing({ cluster: { bootstrapServers }, topics, groupId }: Stage) {
  const ends = await endsOf(bootstrapServers, topics.output);
  return { ends, committed: await committedOffsets(bootstrapServers, groupId, topics.source) };
}

export const offsetsOutOfRange: Scenario = {
  name: 'offsets-out-of-range',
  summary: 'Records are removed unread, offsets lie behind the end: such partitions stand still until they are moved.',
  containerOnly: 'where pollers go on is the affair of the service',
  promised: () => ({ doubled: 0 }),
  async run(stage) {
    const { crew, members, mark, rest, exempt, allMove } = stage;
    const deleted = shareOf(stage);
    const beyond = deleted.map((partition) => partition + deleted.length);
    const halted = [...deleted, ...beyond];
    exempt(halted); // until somebody moves them
    const { before, committed } = await startOutOfRange(stage, deleted, beyond);
    await allMove(halted);
    await rest(watchedMs);
    const after = await standing(stage);
    const gone = halted.filter(
      (one) => after.ends[one] !== before.ends[one] || after.committed.get(one) !== before.committed.get(one),
    );
    if (gone.length > 0)
      throw new Error(`partitions ${gone.join(', ')} went on elsewhere, and nobody had told them to`);
    const due = halted.map((one) => `Partition ${one} stands still at offset ${before.committed.get(one)}`);
    const unsaid = due.filter((text) => !crew.notices.some((notice) => notice.includes(text)));
    if (unsaid.length > 0) throw new Error(`no instance said: ${unsaid.join('; ')}`);
    mark('all leave, and are moved');
    await crew.stopAll();
    await moveBack(stage, deleted, new Map(beyond.map((one) => [one, committed.get(one) ?? 0])));
    crew.add(members.length);
    await crew.settled();
    await allMove();
    await rest(watchedMs);
  },
};

export const offsetsEarliest: Scenario = {
  ...offsetsOutOfRange,
  name: 'offsets-earliest',
  summary:
    'Records are removed unread, and the policy is earliest: such partitions say so and go on at the first left.',
  env: { KAFKA_OFFSET_OUT_OF_RANGE: 'earliest' },
  async run(stage) {
    const deleted = shareOf(stage);
    await startOutOfRange(stage, deleted, []);
    await stage.allMove();
    await stage.rest(watchedMs);
    const told = stage.crew.notices.filter((notice) => notice.includes('going on elsewhere')).length;
    if (told !== deleted.length)
      throw new Error(`${deleted.length} partitions went on elsewhere, ${told} were told of`);
  },
};
