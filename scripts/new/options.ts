import type { RecordOrder } from '../../functions/runtime/contract.ts';
import { kafkaName } from '../../functions/runtime/setting-kinds.ts';
import type { TopicDeclaration } from '../../infra/topics.ts';
import { UsageError } from '../support/command.ts';
import { type Names, nameProblems, namesOf, type TakenNames } from './names.ts';
import { type NewTopic, planTopics } from './topics.ts';

/** The flags as typed. */
export type NewFlags = {
  readonly [Flag in 'source' | 'output' | 'dead-letters' | 'group' | 'order']?: string | undefined;
} & { readonly batch?: boolean | undefined };

/** A function to lay down, with all names checked. */
export interface NewFunction extends Names {
  readonly source: string;
  readonly output: string;
  readonly deadLetters: string;
  readonly group: string;
  readonly order: RecordOrder;
  readonly batch: boolean;
  readonly outputPartitions?: 'divides';
  /** Topics that infra/topics.ts does not know yet. */
  readonly declare: readonly NewTopic[];
}

/** What is there already, for a new function to fit in. */
export interface Surroundings extends TakenNames {
  readonly topics: readonly TopicDeclaration[];
}

/** The function that the command line means, or one UsageError with everything wrong in it. */
export function newFunction(positionals: readonly string[], flags: NewFlags, around: Surroundings): NewFunction {
  const [name, ...rest] = positionals;
  if (name === undefined) throw new UsageError('it takes the name of the function, such as quote-spreads');
  const problems = rest.length > 0 ? [`it takes one name, and '${rest.join(' ')}' is more`] : [];
  const wrongName = nameProblems(name, around);
  problems.push(...wrongName);
  const { source = 'market.raw', output = name, group = `${name}-group`, order = 'key', batch = false } = flags;
  const deadLetters = flags['dead-letters'] ?? `${source}.dlq`;
  for (const [flag, value] of Object.entries({ source, output, 'dead-letters': deadLetters, group })) {
    // A default that is made of the name is as wrong as that, which was said already.
    if (flag in flags || wrongName.length === 0) problems.push(...kafkaNameProblems(flag, value));
  }
  if (order !== 'key' && order !== 'partition') problems.push(`--order is '${order}', but takes key or partition`);
  if (new Set([source, output, deadLetters]).size < 3) {
    problems.push('--source, --output and --dead-letters must be three topics, or it would read what it writes');
  }
  const topics = planTopics({ source, output, deadLetters }, around.topics);
  problems.push(...topics.problems);
  if (problems.length > 0) throw new UsageError(problems.join('; '));
  return {
    ...namesOf(name),
    ...{ source, output, deadLetters, group, batch, declare: topics.declare },
    order: order as RecordOrder, // checked above
    ...(topics.outputPartitions ? { outputPartitions: topics.outputPartitions } : {}),
  };
}

function kafkaNameProblems(flag: string, value: string): string[] {
  const accepted = kafkaName.parse(value) !== undefined && value !== '.' && value !== '..';
  return accepted ? [] : [`--${flag} is ${JSON.stringify(value.slice(0, 80))}, but takes ${kafkaName.accepts}`];
}
