import type { RecordOrder } from '../../functions/runtime/contract.ts';
import { kafkaName } from '../../functions/runtime/setting-kinds.ts';
import type { FunctionTopics } from '../../infra/serverless/functions.ts';
import type { TopicDeclaration } from '../../infra/topics.ts';
import { UsageError } from '../support/command.ts';
import { type Names, nameProblems, namesOf, type TakenNames } from './names.ts';
import { type NewTopic, planTopics } from './topics.ts';

/** The flags as typed. */
export type NewFlags = {
  readonly [Flag in 'source' | 'output' | 'dead-letters' | 'group' | 'order']?: string | undefined;
} & { readonly [Flag in 'batch' | 'park']?: boolean | undefined };

/** A function to lay down, with all names checked. */
export interface NewFunction extends Names {
  readonly source: string;
  readonly output: string;
  readonly deadLetters: string;
  readonly group: string;
  readonly order: RecordOrder;
  readonly batch: boolean;
  /** Whether a key whose record died waits, with all behind it. */
  readonly park: boolean;
  readonly outputPartitions?: 'divides';
  /** Topics that infra/topics.ts does not know yet. */
  readonly declare: readonly NewTopic[];
}

/** What is there already, for a new function to fit in. */
export interface Surroundings extends TakenNames {
  readonly topics: readonly TopicDeclaration[];
  readonly functions: readonly (FunctionTopics & { readonly name: string })[];
}

/** The function that the command line means, or one UsageError with everything wrong in it. */
export function newFunction(positionals: readonly string[], flags: NewFlags, around: Surroundings): NewFunction {
  const [name, ...rest] = positionals;
  if (name === undefined) throw new UsageError('it takes the name of the function, such as quote-spreads');
  const problems = rest.length > 0 ? [`it takes one name, and '${rest.join(' ')}' is more`] : [];
  const wrongName = nameProblems(name, around);
  problems.push(...wrongName);
  const {
    source = 'market.raw',
    output = name,
    group = `${name}-group`,
    order = 'key',
    batch = false,
    park = false,
  } = flags;
  const deadLetters = flags['dead-letters'] ?? `${source}.dlq`;
  for (const [flag, value] of Object.entries({ source, output, 'dead-letters': deadLetters, group })) {
    // A default that is made of the name is as wrong as that, which was said already.
    if (flag in flags || wrongName.length === 0) problems.push(...kafkaNameProblems(flag, value));
  }
  if (order !== 'key' && order !== 'partition') problems.push(`--order is '${order}', but takes key or partition`);
  if (new Set([source, output, deadLetters]).size < 3) {
    problems.push('--source, --output and --dead-letters must be three topics, or it would read what it writes');
  }
  problems.push(...loopProblems(source, { output, 'dead-letters': deadLetters }, around));
  if (park && (order !== 'key' || batch)) problems.push('--park takes --order key, and no --batch');
  const topics = planTopics({ source, output, deadLetters, park }, around.topics);
  problems.push(...topics.problems);
  if (problems.length > 0) throw new UsageError(problems.join('; '));
  return {
    ...namesOf(name),
    ...{ source, output, deadLetters, group, batch, park, declare: topics.declare },
    order: order as RecordOrder, // checked above
    ...(topics.outputPartitions ? { outputPartitions: topics.outputPartitions } : {}),
  };
}

/** Whether what it writes, a dead letter too, comes back to it through functions that are there: it would never come to an end. */
function loopProblems(
  source: string,
  written: Readonly<Record<string, string>>,
  { functions }: Surroundings,
): string[] {
  return Object.entries(written).flatMap(([flag, first]) => {
    const ways = [{ topic: first, through: [] as readonly string[] }];
    // A topic is looked at once: functions that are there may have loops of their own.
    for (const { topic, through } of ways) {
      for (const { name, source: from, output, deadLetters } of functions) {
        if (from !== topic) continue;
        const further = [...through, name];
        for (const to of [output, deadLetters]) {
          if (to === null || ways.some((way) => way.topic === to)) continue;
          if (to === source) {
            return [
              `--${flag} ${first} leads back to --source ${source}, through ${further.join(' and ')}: it would read what it causes, for ever`,
            ];
          }
          ways.push({ topic: to, through: further });
        }
      }
    }
    return [];
  });
}

function kafkaNameProblems(flag: string, value: string): string[] {
  const accepted = kafkaName.parse(value) !== undefined && value !== '.' && value !== '..';
  return accepted ? [] : [`--${flag} is ${JSON.stringify(value.slice(0, 80))}, but takes ${kafkaName.accepts}`];
}
