import { deniedText } from '../../kafka/denied.ts';
import type { ClusterInspector, Right, TopicFacts } from '../../kafka/port.ts';
import type { FunctionDefinition } from '../../runtime/contract.ts';
import { StartupError } from '../../runtime/errors.ts';
import { parkedTopicOf } from '../../runtime/parking.ts';
import { reach } from './reach.ts';

/** The topics a function works with, as they are on this cluster. */
export interface FunctionTopics {
  readonly source: TopicFacts;
  readonly output: TopicFacts | undefined;
  readonly deadLetters: TopicFacts;
  /** Where its parked keys are, if it parks any. */
  readonly parked?: TopicFacts | undefined;
}

type Topology = Pick<FunctionDefinition<never>, 'source' | 'output' | 'outputPartitions' | 'deadLetters' | 'name'> &
  Partial<Pick<FunctionDefinition<never>, 'order' | 'park' | 'handle'>>;

const pauseMs = 500;
const missingTopicGraceMs = 3_000;

/** What a user needs to run a function. In a function host somebody else reads the source, for a group of its own. */
export function neededRights({ source, output, deadLetters, park }: Topology, group?: string): readonly Right[] {
  const parked = parkedTopicOf(deadLetters);
  const topic = (operation: Right['operation'], name: string): Right => ({ operation, resource: 'topic', name });
  return [
    topic(group === undefined ? 'Describe' : 'Read', source),
    ...(output === undefined ? [] : [topic('Write', output)]),
    topic('Write', deadLetters),
    ...(park ? [topic('Read', parked), topic('Write', parked)] : []),
    ...(group === undefined ? [] : [{ operation: 'Read', resource: 'group', name: group } as const]),
  ];
}

/**
 * Looks at the cluster before anything is read from it.
 * @throws StartupError with every problem found, each with its remedy
 */
export async function checkCluster(
  inspector: ClusterInspector,
  definition: Topology,
  rights: readonly Right[],
  bootstrapServers: readonly string[],
  timeoutMs: number,
): Promise<FunctionTopics> {
  const endsAtMs = Date.now() + timeoutMs;
  // First: a topic that may not be seen looks as if it were not there.
  const lacking = await reach(() => inspector.missingRights(rights), bootstrapServers, timeoutMs);
  if (lacking.length > 0) throw new StartupError('CLUSTER_UNFIT', lacking.map(deniedText));
  const { source, output, deadLetters, park } = definition;
  const parked = park ? parkedTopicOf(deadLetters) : undefined;
  const names = [source, output, deadLetters, parked].filter((name) => name !== undefined);
  const facts = await topicFacts(inspector, names, bootstrapServers, Math.max(0, endsAtMs - Date.now()));
  const problems = names
    .filter((name) => !facts.has(name))
    .map((name) => `Topic ${name} does not exist on ${bootstrapServers.join(',')}: create it, or correct its name.`);
  const found = {
    source: facts.get(source),
    output: output === undefined ? undefined : facts.get(output),
    deadLetters: facts.get(deadLetters),
    parked: parked === undefined ? undefined : facts.get(parked),
  };
  if (park) problems.push(...parkingProblems(definition, found.parked));
  if (found.source) {
    problems.push(...partitionProblems(found.source, found.output, definition.outputPartitions ?? 'equal'));
    problems.push(...partitionProblems(found.source, found.deadLetters, 'divides'));
    problems.push(...partitionProblems(found.source, found.parked, 'equal'));
  }
  if (problems.length > 0 || !found.source || !found.deadLetters) throw new StartupError('CLUSTER_UNFIT', problems);
  return { ...found, source: found.source, deadLetters: found.deadLetters };
}

/** A broker may hear of a new topic seconds after the one that made it: what is missing is looked for again. */
async function topicFacts(
  inspector: ClusterInspector,
  names: readonly string[],
  bootstrapServers: readonly string[],
  timeoutMs: number,
): Promise<ReadonlyMap<string, TopicFacts>> {
  const deadline = Date.now() + timeoutMs;
  let missingSince: number | undefined;
  for (;;) {
    const left = Math.max(0, deadline - Date.now());
    const facts = await reach(() => inspector.topicFacts(names), bootstrapServers, left);
    if (names.every((name) => facts.has(name))) return facts;
    missingSince ??= Date.now();
    if (Date.now() + pauseMs >= Math.min(deadline, missingSince + missingTopicGraceMs)) return facts;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

function partitionProblems(source: TopicFacts, target: TopicFacts | undefined, rule: 'equal' | 'divides'): string[] {
  if (target === undefined) return [];
  const fits = rule === 'equal' ? source.partitions === target.partitions : source.partitions % target.partitions === 0;
  if (fits) return [];
  const wanted = rule === 'equal' ? `${source.partitions}, as its source has` : `a divisor of ${source.partitions}`;
  return [
    `Topic ${target.topic} has ${target.partitions} partitions, but the order of a key from ${source.topic} ` +
      `(${source.partitions}) needs ${wanted}: create it anew with that count.`,
  ];
}

function parkingProblems({ name, order, handle }: Topology, parked: TopicFacts | undefined): string[] {
  const problems: string[] = [];
  if (order !== 'key' || handle === undefined)
    problems.push(`${name} asks for 'park', which takes order: 'key' and handle, not handleBatch.`);
  // Kafka's name for both policies at once is compact,delete: what is parked would be forgotten.
  if (parked?.cleanup !== undefined && parked.cleanup !== 'compact')
    problems.push(
      `Topic ${parked.topic} has cleanup.policy ${parked.cleanup}, and would forget keys: set it to compact.`,
    );
  return problems;
}

/**
 * A dead letter carries headers on top of its record, and the note of a parked key what it says on top of the key: topics
 * without room for them cannot take the largest.
 */
export function sizeWarnings({ source, deadLetters, parked }: FunctionTopics): string[] {
  const small = (facts: TopicFacts | undefined, what: string): string[] =>
    facts === undefined || facts.maxMessageBytes > source.maxMessageBytes
      ? []
      : [
          `Topic ${facts.topic} takes ${facts.maxMessageBytes} bytes, ${source.topic} ${source.maxMessageBytes}: ` +
            `${what} of the largest size may only fit compressed. Give it 64 KB more (max.message.bytes).`,
        ];
  return [...small(deadLetters, 'a dead letter'), ...small(parked, 'the note of a key')];
}
