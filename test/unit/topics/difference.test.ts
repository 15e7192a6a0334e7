import { describe, expect, test } from 'vitest';
import { type TopicDeclaration, topics } from '../../../infra/topics.ts';
import { changesOf, difference, topicOf } from '../../../scripts/topics/difference.ts';
import type { LiveTopic } from '../../../scripts/topics/target.ts';

function liveOf({ name, partitions, replicationFactor, configs }: TopicDeclaration, changed: Partial<LiveTopic> = {}) {
  const settings = new Map<string, string>([...Object.entries(configs), ['segment.bytes', '1']]);
  return { name, partitions, replicationFactor, configs: settings, ...changed };
}

function first(): TopicDeclaration {
  const [topic] = topics;
  if (!topic) throw new Error('no topics are declared');
  return topic;
}

describe('the difference between declared and live', () => {
  test('is nothing when all is as declared, whatever the order and whatever else is set', () => {
    const live = topics.map((topic) => liveOf(topic)).reverse();
    expect(difference(topics, live)).toEqual([]);
  });

  test('creates what is missing, in the order of declaration', () => {
    const steps = difference(topics, [liveOf(first())]);
    expect(steps.map((step) => [step.kind, topicOf(step)])).toEqual(
      topics.slice(1).map(({ name }) => ['create', name]),
    );
  });

  test('names each setting that differs, also one that the cluster does not tell', () => {
    const topic = first();
    const configs = new Map(Object.entries(topic.configs));
    configs.set('retention.ms', '1000');
    configs.delete('min.insync.replicas');
    expect(difference([topic], [liveOf(topic, { configs })])).toEqual([
      {
        kind: 'set-configs',
        name: 'market.raw',
        changes: [
          { setting: 'min.insync.replicas', from: undefined, to: '2' },
          { setting: 'retention.ms', from: '1000', to: '604800000' },
        ],
      },
    ]);
  });

  test('adds partitions after the settings, and cannot take any away or change replication', () => {
    const topic = first();
    const configs = new Map([...Object.entries(topic.configs), ['retention.ms', '1000'] as const]);
    expect(difference([topic], [liveOf(topic, { partitions: 30, configs })]).map(({ kind }) => kind)).toEqual([
      'set-configs',
      'add-partitions',
    ]);
    const steps = difference([topic], [liveOf(topic, { partitions: 120, replicationFactor: 1 })]);
    expect(steps).toEqual([
      { kind: 'impossible', name: 'market.raw', what: 'partitions', from: 120, to: 60 },
      { kind: 'impossible', name: 'market.raw', what: 'replication factor', from: 1, to: 3 },
    ]);
    expect(changesOf(steps)).toEqual([]);
  });

  test('reports topics that nobody declared, but not the internal ones of the brokers, nor journals', () => {
    const topic = first();
    const others = ['stray', '__consumer_offsets', '__transaction_state', `${topic.name}.journal`].map((name) =>
      liveOf({ ...topic, name }),
    );
    const steps = difference([topic], [...others, liveOf(topic)]);
    expect(steps).toEqual([{ kind: 'extra', name: 'stray', partitions: 60 }]);
    expect(changesOf(steps)).toEqual([]);
  });
});
