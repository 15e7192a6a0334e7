import type { BringUp } from './bring-up.ts';
import type { Databases } from './databases.ts';
import type { FleetOptions } from './fleet.ts';
import { startGuard } from './guard.ts';
import type { OffsetWatch } from './offsets.ts';
import type { PipelineTopics } from './reader.ts';
import { createStage, type Stage, stageGroup, stageNames } from './stages.ts';

/** What the stages share. */
interface StageContext extends Omit<FleetOptions, 'label' | 'args' | 'guard' | 'cpuLimit'> {
  readonly topics: PipelineTopics;
  readonly offsets: OffsetWatch;
  readonly undo: BringUp['undo'];
}

/** Storage and analytics, an instance each: with their own topics and groups, not those that the environment gives the processor. */
export function startStages(bundle: string, databases: Databases, { topics, undo, ...context }: StageContext): Stage[] {
  const guard = startGuard(bundle, false);
  const { SOURCE_TOPIC: _s, OUTPUT_TOPIC: _o, DEAD_LETTER_TOPIC: _d, KAFKA_GROUP_ID: given, ...env } = context.env;
  const source = topics.output;
  const stages = stageNames.map((name) => {
    const own = { SOURCE_TOPIC: source, KAFKA_GROUP_ID: stageGroup(name, given) };
    const storage = { STORAGE_GROUP_ID: stageGroup('storage', given) };
    const stage = createStage({
      ...{ ...context, name, source, guard, group: own.KAFKA_GROUP_ID, cpuLimit: undefined },
      args: [bundle, name],
      env: { ...env, ...databases.env, ...own, ...storage },
    });
    return stage;
  });
  undo(async () => {
    await Promise.all(stages.map(({ fleet }) => fleet.stop()));
    guard.dismiss();
  });
  for (const { fleet } of stages) fleet.add();
  return stages;
}
