import { StartupError } from '../../functions/runtime/errors.ts';
import type { Settings } from '../../functions/runtime/settings.ts';
import { ensureTopics } from '../../infra/ensure-topics.ts';
import { topics as declared, type TopicDeclaration } from '../../infra/topics.ts';
import { CommandError } from '../support/command.ts';
import { insist } from './offsets.ts';
import type { PipelineTopics } from './reader.ts';

/** The processor's topics, under the names that the environment gives them. */
export function pipelineTopics({ sourceTopic, outputTopic, deadLetterTopic }: Settings): PipelineTopics {
  return {
    source: sourceTopic ?? 'market.raw',
    output: outputTopic ?? 'market.enriched',
    deadLetters: deadLetterTopic ?? 'market.raw.dlq',
  };
}

/** The declared topics, under those names. */
export function renamedTopics(topics: PipelineTopics): TopicDeclaration[] {
  const names: Readonly<Record<string, string>> = {
    'market.raw': topics.source,
    'market.enriched': topics.output,
    'market.raw.dlq': topics.deadLetters,
  };
  const named = (name: string): string => names[name] ?? name;
  return declared.map((topic) => ({
    ...topic,
    name: named(topic.name),
    ...(topic.follows === undefined ? {} : { follows: named(topic.follows) }),
  }));
}

/** Makes the topics that are missing; the number of partitions of the source. */
export async function prepareTopics(
  bootstrapServers: readonly string[],
  topics: PipelineTopics,
  signal: AbortSignal,
): Promise<number> {
  const wanted = renamedTopics(topics);
  // A broker that has not heard of a new topic yet denies that there is one: asked again, it knows.
  const problem = await insist(() => ensureTopics(bootstrapServers, wanted).then(() => undefined, unfit), signal);
  if (problem) throw new CommandError(problem.problems.join('\n'));
  return wanted.find(({ name }) => name === topics.source)?.partitions ?? 0;
}

function unfit(error: unknown): StartupError {
  if (error instanceof StartupError) return error;
  throw error;
}
