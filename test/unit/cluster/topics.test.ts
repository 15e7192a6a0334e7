import { expect, test } from 'vitest';
import { declarationProblems, topics } from '../../../infra/topics.ts';

test('the declared topics are those of the contract, and those of what a mapping gives up on', () => {
  expect(topics.map(({ name, partitions, replicationFactor }) => [name, partitions, replicationFactor])).toEqual([
    ['market.raw', 60, 3],
    ['market.enriched', 60, 3],
    ['analytics.results', 30, 3],
    ['market.raw.dlq', 12, 3],
    ['market.enriched.dlq', 12, 3],
    ['market.raw.undelivered', 12, 3],
    ['market.enriched.undelivered', 12, 3],
  ]);
  expect(declarationProblems(topics)).toEqual([]);
});

test('a count that does not divide that of the topic it follows is refused', () => {
  const changed = topics.map((topic) => (topic.name === 'market.raw.dlq' ? { ...topic, partitions: 8 } : topic));

  expect(declarationProblems(changed)).toEqual([
    'market.raw.dlq has 8 partitions, which do not divide the 60 of market.raw: keys would lose their order',
  ]);
});

test('a topic that follows none, and one declared twice, are named', () => {
  expect(declarationProblems(topics.slice(1, 2))).toEqual([
    'market.enriched follows market.raw, which is not declared',
  ]);
  expect(declarationProblems([...topics.slice(0, 1), ...topics.slice(0, 1)])[0]).toBe('market.raw is declared twice');
});
