import type { TopicDeclaration } from '../../infra/topics.ts';
import type { TopicFacts } from './cluster-facts.ts';
import { count, type Finding, type Severity, span } from './finding.ts';

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
  return expected.flatMap((topic) => {
    const facts = found.find(({ name }) => name === topic.name);
    if (!facts || facts.error !== undefined) return [absent(topic, facts?.error)];
    const source = found.find(({ name, error }) => name === topic.follows && error === undefined);
    return [...differences(topic, facts), ...(source ? coPartitioning(facts, source) : [])];
  });
}

const apply = "'npm run topics -- apply'";

function absent({ name, like }: ExpectedTopic, error: string | undefined): Finding {
  const make = like?.name === name ? `Make it with ${apply}` : 'Create it';
  const [what, cause, remedy] =
    error === undefined || error === 'UNKNOWN_TOPIC_OR_PARTITION'
      ? [`topic ${name} does not exist`, 'The cluster has no topic of this name.', `${make}, or correct the name.`]
      : error === 'TOPIC_AUTHORIZATION_FAILED'
        ? [`topic ${name} may not be described`, 'This user lacks the right.', `Grant Describe on ${name} to the user.`]
        : [`topic ${name} cannot be described`, `The broker answers ${error}.`, "Look at the broker's log."];
  return { severity: 'problem', area: 'topics', what, cause, remedy };
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
