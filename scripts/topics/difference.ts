import { journalSuffix, type TopicDeclaration } from '../../infra/topics.ts';
import type { ExtraRightsStep, GrantStep } from './rights.ts';
import type { LiveTopic } from './target.ts';

/** A setting that differs. `from` is undefined where the cluster does not tell it. */
export interface ConfigChange {
  readonly setting: string;
  readonly from: string | undefined;
  readonly to: string;
}

/** A topic that is declared and missing. */
export interface CreateStep {
  readonly kind: 'create';
  readonly topic: TopicDeclaration;
}

export interface SetConfigsStep {
  readonly kind: 'set-configs';
  readonly name: string;
  readonly changes: readonly ConfigChange[];
}

export interface AddPartitionsStep {
  readonly kind: 'add-partitions';
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** A difference that no step removes. */
export interface ImpossibleStep {
  readonly kind: 'impossible';
  readonly name: string;
  readonly what: 'partitions' | 'replication factor';
  readonly from: number;
  readonly to: number;
}

/** A topic that nobody declared: worth a line, and left alone. */
export interface ExtraStep {
  readonly kind: 'extra';
  readonly name: string;
  readonly partitions: number;
}

/** What lies between a declaration and the cluster. */
export type Step =
  | CreateStep
  | SetConfigsStep
  | AddPartitionsStep
  | ImpossibleStep
  | ExtraStep
  | GrantStep
  | ExtraRightsStep;
/** The steps that `apply` takes. */
export type Change = CreateStep | SetConfigsStep | AddPartitionsStep | GrantStep;

/** Topics of the brokers themselves, which nobody declares. */
export function isInternal(name: string): boolean {
  return name.startsWith('__');
}

/**
 * What it takes to make the cluster as declared: topics in the order of their declaration, extra ones last. Settings go
 * before partitions, so that an interruption between the two leaves what can be undone.
 */
export function difference(declared: readonly TopicDeclaration[], live: readonly LiveTopic[]): Step[] {
  const found = new Map(live.map((topic) => [topic.name, topic]));
  // A journal is made by the command that writes it.
  const names = new Set(declared.flatMap(({ name }) => [name, `${name}${journalSuffix}`]));
  const extra = live.filter(({ name }) => !names.has(name) && !isInternal(name));
  return [
    ...declared.flatMap((topic): Step[] => {
      const actual = found.get(topic.name);
      return actual ? differencesOf(topic, actual) : [{ kind: 'create', topic }];
    }),
    ...extra.map(({ name, partitions }): Step => ({ kind: 'extra', name, partitions })),
  ];
}

function differencesOf(topic: TopicDeclaration, actual: LiveTopic): Step[] {
  const { name } = topic;
  const changes = Object.entries(topic.configs).flatMap(([setting, to]): ConfigChange[] => {
    const from = actual.configs.get(setting);
    return from === to ? [] : [{ setting, from, to }];
  });
  const steps: Step[] = [];
  if (changes.length > 0) steps.push({ kind: 'set-configs', name, changes });
  if (actual.partitions < topic.partitions) {
    steps.push({ kind: 'add-partitions', name, from: actual.partitions, to: topic.partitions });
  } else if (actual.partitions > topic.partitions) {
    steps.push({ kind: 'impossible', name, what: 'partitions', from: actual.partitions, to: topic.partitions });
  }
  const [from, to] = [actual.replicationFactor, topic.replicationFactor];
  if (from !== to) steps.push({ kind: 'impossible', name, what: 'replication factor', from, to });
  return steps;
}

/** The steps that change something. */
export function changesOf(steps: readonly Step[]): Change[] {
  const unchanging: readonly Step['kind'][] = ['impossible', 'extra', 'extra-rights'];
  return steps.filter((step): step is Change => !unchanging.includes(step.kind));
}

/** The topic, or the user, that a step is about. */
export function topicOf(step: Step): string {
  return step.kind === 'create' ? step.topic.name : step.name;
}
