import { count, span } from '../support/words.ts';
import type { Applied } from './apply.ts';
import { type Change, type Step, topicOf } from './difference.ts';
import { rightsText } from './rights.ts';

/** `604800000 (7 days)`: a setting's value, and what it means where that is hard to see. */
function valueText(setting: string, value: string | undefined): string {
  if (value === undefined) return 'not set';
  return setting.endsWith('.ms') && Number(value) >= 1_000 ? `${value} (${span(Number(value))})` : value;
}

/** What a step is, in one line, without its topic. */
function actionText(step: Step): string {
  if (step.kind === 'create') {
    const { partitions, replicationFactor, configs } = step.topic;
    const settings = Object.entries(configs).map(([setting, value]) => `${setting}=${valueText(setting, value)}`);
    return `create: ${count(partitions, 'partition')}, replication ${replicationFactor}, ${settings.join(', ')}`;
  }
  if (step.kind === 'set-configs') {
    const changes = step.changes.map(
      ({ setting, from, to }) => `${setting} ${valueText(setting, from)} -> ${valueText(setting, to)}`,
    );
    return `change config: ${changes.join(', ')}`;
  }
  if (step.kind === 'add-partitions') return `add partitions: ${step.from} -> ${step.to}`;
  if (step.kind === 'extra') return `unknown extra: ${count(step.partitions, 'partition')}, not declared, left alone`;
  if (step.kind === 'grant') return `grant: ${rightsText(step.rights)}`;
  if (step.kind === 'extra-rights') return `unknown extra rights, left alone: ${step.rights.join(', ')}`;
  const remedy =
    step.what === 'partitions'
      ? 'Kafka takes no partition away; declare what there is, or move to a new topic'
      : 'declare what there is, or reassign its partitions with the tools of Kafka';
  return `cannot change ${step.what}: ${step.from} -> ${step.to} (${remedy})`;
}

const marks: Readonly<Record<Step['kind'], string>> = {
  create: '+',
  'set-configs': '~',
  'add-partitions': '~',
  impossible: '✗',
  extra: '?',
  grant: '+',
  'extra-rights': '?',
};

/** Each step on a line, in columns: mark, topic, what is to be done. */
export function stepLines(steps: readonly Step[]): string[] {
  const named = steps.map((step) => ({ step, name: topicOf(step) }));
  const width = Math.min(60, Math.max(0, ...named.map(({ name }) => name.length)));
  return named.map(({ step, name }) => `  ${marks[step.kind]} ${name.padEnd(width)}  ${actionText(step)}`);
}

const doneWords: Readonly<Record<Change['kind'], string>> = {
  create: 'created',
  'set-configs': 'config changed',
  'add-partitions': 'partitions added',
  grant: 'rights granted',
};

/** A step that was taken: `  ✓ market.raw: created (60 partitions), 0.4 s`. */
export function appliedLine({ step, result, ms }: Applied): string {
  const name = topicOf(step);
  if (result === 'existed') return `  · ${name}: somebody else created it meanwhile, ${span(ms)}`;
  const detail =
    step.kind === 'create'
      ? count(step.topic.partitions, 'partition')
      : step.kind === 'add-partitions'
        ? `${step.from} -> ${step.to}`
        : step.kind === 'grant'
          ? String(step.rights.length)
          : step.changes.map(({ setting }) => setting).join(', ');
  return `  ✓ ${name}: ${doneWords[step.kind]} (${detail}), ${span(ms)}`;
}
