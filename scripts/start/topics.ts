import { StartupError } from '../../functions/runtime/errors.ts';
import type { Settings } from '../../functions/runtime/settings.ts';
import { topics as declared, type TopicDeclaration } from '../../infra/topics.ts';
import { CommandError } from '../support/command.ts';
import { ensureTopics } from '../topics/ensure.ts';
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

/** The declared topics, under those names: those that the pipeline uses, and the others. */
function renamedTopics(topics: PipelineTopics): { used: TopicDeclaration[]; others: TopicDeclaration[] } {
  const names: Readonly<Record<string, string>> = {
    'market.raw': topics.source,
    'market.enriched': topics.output,
    'market.raw.dlq': topics.deadLetters,
  };
  const named = (name: string): string => names[name] ?? name;
  const used = declared.filter(({ name }) => name in names);
  return {
    used: used.map(({ follows, ...topic }) => ({
      ...topic,
      name: named(topic.name),
      ...(follows === undefined ? {} : { follows: named(follows) }),
    })),
    // Declared by themselves: what they follow may have another name here.
    others: declared.filter((topic) => !used.includes(topic)).map(({ follows: _, ...topic }) => topic),
  };
}

/**
 * Makes the topics that are missing; resolves to the number of partitions of the source. A topic of the pipeline that
 * differs from its declaration is an error, another one only worth a line.
 */
export async function prepareTopics(
  bootstrapServers: readonly string[],
  topics: PipelineTopics,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (line: string) => void },
): Promise<number> {
  const { used, others } = renamedTopics(topics);
  // A broker that has not heard of a new topic yet denies that there is one: asked again, it knows.
  const ensure = (wanted: TopicDeclaration[]): Promise<StartupError | undefined> =>
    insist(() => ensureTopics(bootstrapServers, wanted).then(() => undefined, unfit), signal);
  const [problem, remark] = await Promise.all([ensure(used), ensure(others)]);
  if (problem) {
    const remedy = "Make them so with 'npm run topics -- apply', or begin afresh with 'npm run cluster -- reset'.";
    throw new CommandError([...problem.problems, remedy].join('\n'));
  }
  for (const line of remark?.problems ?? []) onProgress(`Not used here: ${line}`);
  return used.find(({ name }) => name === topics.source)?.partitions ?? 0;
}

function unfit(error: unknown): StartupError {
  if (error instanceof StartupError) return error;
  throw error;
}
