import type { TopicDeclaration } from '../../infra/topics.ts';
import type { TopicFacts } from '../support/kafka/cluster-facts.ts';
import { count, span } from '../support/words.ts';
import type { Finding, Severity } from './finding.ts';

/** A topic that must be there. */
export interface ExpectedTopic {
  readonly name: string;
  /** What infra declares for it, or for the topic in whose place it stands. */
  readonly like: TopicDeclaration | undefined;
  /** The topic whose records cause this one's. */
  readonly follows: string | undefined;
}

/** How the topics differ from what they must be. */
export function diagnoseTopics(expected: readonly ExpectedTopic[], found: readonly TopicFacts[]): Finding[] {
  const absentTopics = expected.filter(({ name }) => !found.some((facts) => facts.name === name && !facts.error));
  const present = expected.flatMap((topic) => {
    const facts = found.find(({ name, error }) => name === topic.name && error === undefined);
    if (!facts) return [];
    const source = found.find(({ name, error }) => name === topic.follows && error === undefined);
    return [...differences(topic, facts), ...(source ? coPartitioning(facts, source) : [])];
  });
  return [...diagnoseAbsent(absentTopics, found), ...present];
}

const apply = "'npm run topics -- apply'";

/** One finding for all that are absent for one reason. */
function diagnoseAbsent(topics: readonly ExpectedTopic[], found: readonly TopicFacts[]): Finding[] {
  const errorOf = ({ name }: ExpectedTopic) =>
    found.find((facts) => facts.name === name)?.error ?? 'UNKNOWN_TOPIC_OR_PARTITION';
  return [...Map.groupBy(topics, errorOf)].map(([error, alike]) => {
    const names = `topic${alike.length === 1 ? '' : 's'} ${alike.map(({ name }) => name).join(', ')}`;
    const declared = alike.every(({ name, like }) => like?.name === name);
    return { severity: 'problem', area: 'topics', ...absence(names, error, declared) };
  });
}

function absence(names: string, error: string, declared: boolean): Pick<Finding, 'what' | 'cause' | 'remedy'> {
  if (error === 'UNKNOWN_TOPIC_OR_PARTITION') {
    return {
      what: `missing: ${names}`,
      cause: 'The cluster has nothing of this name.',
      remedy: `${declared ? `Make what is declared with ${apply}` : 'Create it'}, or correct the name.`,
    };
  }
  if (error === 'TOPIC_AUTHORIZATION_FAILED') {
    return {
      what: `not allowed to describe ${names}`,
      cause: 'This user lacks the right, or there is nothing of this name.',
      remedy: 'Grant the user Describe, DescribeConfigs and Read.',
    };
  }
  return {
    what: `cannot describe ${names}`,
    cause: `The broker answers ${error}.`,
    remedy: error === 'INVALID_TOPIC_EXCEPTION' ? 'Correct the name.' : "Look at the broker's log.",
  };
}

function differences({ name, like }: ExpectedTopic, { partitions, configs }: TopicFacts): Finding[] {
  if (!like) return [];
  const declared = like.name === name;
  const replicas = Math.min(...partitions.map((partition) => partition.replicas.length));
  const rows: [what: string, wanted: string, actual: string, severity: Severity][] = [
    ['replication factor', String(like.replicationFactor), String(replicas), 'problem'],
  ];
  if (declared) rows.push(['partitions', String(like.partitions), String(partitions.length), 'problem']);
  for (const [key, wanted] of Object.entries(like.configs)) {
    const actual = configs?.[key];
    if (actual === undefined || (key === 'retention.ms' && !declared)) continue;
    rows.push([key, wanted, actual, configSeverity(key, wanted, actual)]);
  }
  const wrong = rows.filter(([, wanted, actual]) => wanted !== actual);
  if (wrong.length === 0) return [];
  const worst = wrong.some(([, , , severity]) => severity === 'problem') ? 'problem' : 'warning';
  return [
    {
      severity: declared ? worst : 'warning',
      area: 'topics',
      what: `topic ${name} is not as ${declared ? 'declared' : `${like.name} is declared`}`,
      cause: `${wrong.map(([what, wanted, actual]) => difference(what, wanted, actual)).join('; ')}.`,
      remedy: declared
        ? `See 'npm run topics -- plan', then ${apply}; or change infra/topics.ts.`
        : `Change the topic, unless it is meant to differ.`,
    },
  ];
}

/** More room than declared loses nothing; less loses records, and fewer replicas lose acknowledged ones. */
function configSeverity(key: string, wanted: string, actual: string): Severity {
  const more = Number(actual) > Number(wanted) || (key === 'retention.ms' && actual === '-1');
  return (key === 'retention.ms' || key === 'max.message.bytes') && more ? 'warning' : 'problem';
}

function difference(what: string, wanted: string, actual: string): string {
  const text = (value: string) => (what === 'retention.ms' && value !== '-1' ? span(Number(value)) : value);
  return `${what} is ${text(actual)}, not ${text(wanted)}`;
}

function coPartitioning(topic: TopicFacts, source: TopicFacts): Finding[] {
  const [own, from] = [topic.partitions.length, source.partitions.length];
  if (from % own === 0) return [];
  return [
    {
      severity: 'problem',
      area: 'topics',
      what: `the ${count(own, 'partition')} of ${topic.name} do not divide the ${from} of ${source.name}`,
      cause:
        'A record goes to its input partition modulo the count of the output, which would break the order of keys.',
      remedy: `Give ${topic.name} a count that divides ${from}: instances refuse to start like this.`,
    },
  ];
}
