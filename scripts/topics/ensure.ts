import { setTimeout as delay } from 'node:timers/promises';
import { StartupError } from '../../functions/runtime/errors.ts';
import { declarationProblems, type TopicDeclaration } from '../../infra/topics.ts';
import { CommandError } from '../support/command.ts';
import { difference, type Step } from './difference.ts';
import { openKafkaTarget } from './kafka/kafka-target.ts';
import type { TopicsTarget } from './target.ts';

/** What `ensureTopics` found and did. */
export interface EnsuredTopics {
  readonly created: readonly string[];
  readonly existing: readonly string[];
}

/** How long the brokers may take to show what they have just made. */
const settleMs = 5_000;

/**
 * For a cluster without security: creates the declared topics that are missing and waits until every partition of all
 * has a leader. Calling it again changes nothing. A topic that exists and differs from its declaration is left alone,
 * which is what `npm run topics -- apply` is for: a StartupError (CLUSTER_UNFIT) names each of them with what differs.
 */
export async function ensureTopics(
  bootstrapServers: readonly string[],
  declared: readonly TopicDeclaration[],
): Promise<EnsuredTopics> {
  const problems = declarationProblems(declared);
  if (problems.length > 0) throw new StartupError('CONFIG_INVALID', problems);
  try {
    const target = await openKafkaTarget('', { bootstrapServers, security: {} }, declared);
    try {
      return await ensure(target, declared);
    } finally {
      await target.close();
    }
  } catch (error) {
    if (error instanceof CommandError) throw new StartupError('CLUSTER_UNFIT', [error.message], error);
    throw error;
  }
}

async function ensure(target: TopicsTarget, declared: readonly TopicDeclaration[]): Promise<EnsuredTopics> {
  const present = new Set((await target.describe()).map(({ name }) => name));
  const missing = declared.filter(({ name }) => !present.has(name));
  const results = await Promise.all(missing.map((topic) => target.create(topic)));
  await target.waitUntilReady(declared.map(({ name }) => name));
  const deadline = Date.now() + (missing.length > 0 ? settleMs : 0);
  for (;;) {
    const problems = differenceTexts(difference(declared, await target.describe()));
    if (problems.length === 0) break;
    if (Date.now() >= deadline) throw new StartupError('CLUSTER_UNFIT', problems);
    await delay(100);
  }
  const created = missing.filter((_, index) => results[index] === 'created').map(({ name }) => name);
  return { created, existing: declared.map(({ name }) => name).filter((name) => !created.includes(name)) };
}

/** Each topic that differs, with all that does. */
function differenceTexts(steps: readonly Step[]): string[] {
  const found = steps.flatMap((step): [name: string, what: string][] => {
    if (step.kind === 'extra' || step.kind === 'extra-rights' || step.kind === 'grant') return [];
    if (step.kind === 'create') return [[step.topic.name, 'it is missing']];
    if (step.kind === 'set-configs') {
      return step.changes.map(({ setting, from, to }) => [step.name, `${setting} is ${from}, declared ${to}`]);
    }
    const what = step.kind === 'impossible' ? step.what : 'partitions';
    return [[step.name, `${what} is ${step.from}, declared ${step.to}`]];
  });
  return [...Map.groupBy(found, ([name]) => name)].map(
    ([name, differences]) =>
      `topic ${name} differs from its declaration: ${differences.map(([, what]) => what).join('; ')}`,
  );
}
