import { parkedTopicOf } from '../../functions/runtime/parking.ts';
import type { TopicDeclaration } from '../../infra/topics.ts';
import type { NewFunction } from './options.ts';

/** A topic that is not declared yet, as a line of infra/topics.ts says it. */
export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly retentionDays: number;
  readonly follows?: string;
  /** The dead-letter topic whose parked keys it holds. */
  readonly parkedOf?: string;
}

/** How the topics of a function fit those that are declared. */
export interface TopicPlan {
  readonly declare: readonly NewTopic[];
  /** Set when the output topic is there and has fewer partitions than the source. */
  readonly outputPartitions?: 'divides';
  readonly problems: readonly string[];
}

const defaultPartitions = 60;
const mostDeadLetterPartitions = 12;

/** Which topics a function needs beyond the declared ones, and whether the declared ones will do. */
export function planTopics(
  { source, output, deadLetters, park }: Pick<NewFunction, 'source' | 'output' | 'deadLetters' | 'park'>,
  declared: readonly TopicDeclaration[],
): TopicPlan {
  const known = (name: string) => declared.find((topic) => topic.name === name);
  const partitions = known(source)?.partitions ?? defaultPartitions;
  const problems: string[] = [];
  for (const [flag, name] of [
    ['output', output],
    ['dead-letters', deadLetters],
  ] as const) {
    const count = known(name)?.partitions;
    if (count !== undefined && partitions % count !== 0) {
      problems.push(
        `--${flag} ${name} has ${count} partitions, which do not divide the ${partitions} of ${source}: keys would lose their order`,
      );
    }
  }
  // infra/topics.ts knows by this ending which topics must take a record and the headers that say why it is there.
  if (known(deadLetters) === undefined && !deadLetters.endsWith('.dlq')) {
    problems.push(`--dead-letters is '${deadLetters}', but the name of a new dead-letter topic ends in .dlq`);
  }
  const parked = park ? parkedTopicOf(deadLetters) : undefined;
  if (parked !== undefined) problems.push(...parkedProblems(known(parked), partitions, source));
  const rows: NewTopic[] = [
    { name: source, partitions, retentionDays: 7 },
    { name: output, partitions, retentionDays: 7, follows: source },
    { name: deadLetters, partitions: deadLetterPartitions(partitions), retentionDays: 30, follows: source },
    ...(parked === undefined
      ? []
      : [{ name: parked, partitions, retentionDays: 7, follows: source, parkedOf: deadLetters }]),
  ];
  const fewer = (known(output)?.partitions ?? partitions) < partitions;
  return {
    declare: rows.filter(({ name }) => known(name) === undefined),
    ...(fewer ? { outputPartitions: 'divides' } : {}),
    problems,
  };
}

/** Functions that share a dead-letter topic share that of their parked keys. */
function parkedProblems(parked: TopicDeclaration | undefined, partitions: number, source: string): string[] {
  if (parked === undefined) return [];
  const { name, configs } = parked;
  if (configs['cleanup.policy'] !== 'compact') return [`--park takes ${name} with cleanup.policy compact`];
  if (parked.partitions === partitions) return [];
  return [
    `--park takes ${name} with ${partitions} partitions, as ${source} has, and not ${parked.partitions}: name --dead-letters of its own`,
  ];
}

/** The most, up to 12, that divide the source's: a key then stays in order. */
function deadLetterPartitions(source: number): number {
  let count = Math.min(mostDeadLetterPartitions, source);
  while (source % count !== 0) count -= 1;
  return count;
}
