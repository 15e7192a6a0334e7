import { describe, expect, test } from 'vitest';
import { analytics } from '../../../functions/analytics/definition.ts';
import { processor } from '../../../functions/processor/definition.ts';
import { storage } from '../../../functions/storage/definition.ts';
import { provisionedPollers } from '../../../infra/scaling/targets/pollers.ts';
import { analyticsFunctionScaling, storageFunctionScaling } from '../../../infra/scaling.ts';
import { databaseShape } from '../../../infra/serverless/database-functions.ts';
import { type DeployedFunction, deployedFunctions, onFailureOf } from '../../../infra/serverless/functions.ts';
import { madeFunction, type Surroundings } from '../../../infra/serverless/made-function.ts';
import { topics } from '../../../infra/topics.ts';

const around: Surroundings = {
  ...{ variant: 'msk', stage: 'dev', clusterArn: 'arn:aws:kafka:r:1:cluster/c/i', databaseSecretArn: 'a-secret' },
  kafkaSecretOf: (name) => `secret-of-${name}`,
  alarmActions: ['told'],
  sha256Of: (bundle) => `digest of ${bundle}`,
};
/** As `npm run new` lays one down. */
const added: DeployedFunction = {
  ...{ name: 'quote-spreads', bundle: 'dist/functions.mjs', source: 'quotes', output: 'spreads' },
  ...{ deadLetters: 'quotes.dlq', group: 'spreads-group' },
};

test('the deployed functions are those of the definitions, with topics that are declared', () => {
  for (const { name, source, output, deadLetters, group, park } of [processor, storage, analytics]) {
    const own = deployedFunctions.find((one) => one.name === name);
    expect(own, name).toMatchObject({ source, output: output ?? null, deadLetters, group });
    expect(own?.park ?? false, `park of ${name}`).toBe(park ?? false);
    const declared = topics.map((topic) => topic.name);
    expect(declared).toContain(own && onFailureOf(own));
  }
  expect(deployedFunctions.map(({ name, bundle }) => [name, bundle]).slice(0, 3)).toEqual([
    ['processor', 'dist/functions.mjs'],
    ['storage', 'dist/database.mjs'],
    ['analytics', 'dist/database.mjs'],
  ]);
});

describe('a function that was laid down', () => {
  test('has what the processor has, in an archive of its own', () => {
    expect(madeFunction(added, around).function).toMatchObject({
      handler: 'dist/functions.quote-spreads',
      package: { patterns: ['dist/functions.mjs'] },
      role: 'QuoteSpreadsRole',
      timeout: expect.stringContaining('self:functions.processor.timeout'),
      events: [{ msk: { topic: 'quotes', consumerGroupId: 'spreads-group' } }],
    });
    const selfManaged = madeFunction(added, { ...around, variant: 'self-managed' }).function;
    expect(selfManaged).toMatchObject({
      environment: { KAFKA_PASSWORD: '{{resolve:secretsmanager:secret-of-quote-spreads:SecretString:password}}' },
      events: [{ kafka: { accessConfigurations: { saslScram512Auth: ['secret-of-quote-spreads'] } } }],
    });
  });

  test('has alarms of its own, on its own function and mapping, and no right to the database', () => {
    const { Resources, extensions } = madeFunction(added, around).stack as Record<string, Record<string, object>>;
    const ids = Object.keys(Resources ?? {}).filter((id) => id.endsWith('Alarm'));
    const kinds = ['Errors', 'DeadLetters', 'Undelivered', 'Dropped', 'Lag', 'Duration', 'Throttles'];
    expect(ids).toEqual(kinds.map((kind) => `QuoteSpreads${kind}Alarm`));
    const text = JSON.stringify(Resources);
    const mapping = 'QuoteDashspreadsEventSourceMappingMSKClusterArnQuotes';
    expect(text).toContain(`"Value":{"Ref":"${mapping}"}`);
    expect(text).toContain('"Value":{"Ref":"QuoteDashspreadsLambdaFunction"}');
    expect(text).not.toMatch(/secretsmanager|a-secret|ProcessorLambda/);
    // What Lambda gives up on goes to the processor's topic, unless its source has one of its own.
    expect(extensions?.[mapping]).toMatchObject({
      DependsOn: ['TopicQuotes', 'TopicSpreads', 'TopicQuotesDlq', 'TopicMarketRawUndelivered'],
      Properties: { DestinationConfig: { OnFailure: { Destination: 'kafka://market.raw.undelivered' } } },
    });
  });
});

test.each([
  ['storage', storageFunctionScaling],
  ['analytics', analyticsFunctionScaling],
] as const)('%s may call as often at once as the database has connections for', (name, policy) => {
  const { MaximumPollers } = provisionedPollers(policy);
  expect(databaseShape(name, 'prod')).toMatchObject({
    reservedConcurrency: MaximumPollers * 5,
    pollers: { maximumPollers: MaximumPollers },
  });
  expect(databaseShape(name, 'dev')).toMatchObject({ reservedConcurrency: 5, pollers: { maximumPollers: 1 } });
});
