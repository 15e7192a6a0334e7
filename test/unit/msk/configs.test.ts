import { expect, test } from 'vitest';
import { topicResources } from '../../../infra/serverless/topics.ts';
import { topics } from '../../../infra/topics.ts';
import { decodeConfigs, encodeConfigs } from '../../../scripts/topics/msk/configs.ts';
import { market } from '../../support/msk/account.ts';
import { operations } from '../../support/msk/model.ts';
import { convert } from '../../support/msk/shapes.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('settings go out as JSON in Base64 and come back', () => {
  const configs = new Map([
    ['cleanup.policy', 'compact'],
    ['retention.ms', '-1'],
  ]);
  expect(Buffer.from(encodeConfigs(configs), 'base64').toString()).toBe(
    '{"cleanup.policy":"compact","retention.ms":"-1"}',
  );
  expect(decodeConfigs(encodeConfigs(configs))).toEqual(configs);
});

test.each<[form: string, text: string, configs: [string, string][] | undefined]>([
  ['JSON with numbers', '{"retention.ms": 5}', [['retention.ms', '5']]],
  [
    'lines',
    'compression.type=producer\nretention.ms=604800000\n',
    [
      ['compression.type', 'producer'],
      ['retention.ms', '604800000'],
    ],
  ],
  ['a value with an equals sign', 'a.b=c=d', [['a.b', 'c=d']]],
  ['nothing', '', []],
  ['broken JSON', '{"retention.ms"', undefined],
  ['anything else', '<html>', undefined],
])('settings are read from %s', (_, text, configs) => {
  expect(decodeConfigs(base64(text))).toEqual(configs && new Map(configs));
});

test('the topics of the packaged template are what the service creates: CreateTopic takes their properties', () => {
  const input = operations.get('CreateTopic')?.input;
  const resources = Object.values(topicResources(market.arn));
  expect(resources.length).toBeGreaterThanOrEqual(topics.length);
  for (const { Type, Properties } of resources) {
    expect(Type).toBe('AWS::MSK::Topic');
    const given: Record<string, unknown> = { ...Properties };
    expect(Object.keys(given).toSorted()).toEqual(input?.members.map(({ name }) => name).toSorted());
    for (const { name, schema } of input?.members ?? []) convert('write', schema, given[name], name); // throws on another type
    const declared = topics.find(({ name }) => name === Properties.TopicName);
    if (declared) expect(decodeConfigs(Properties.Configs)).toEqual(new Map(Object.entries(declared.configs)));
  }
});
