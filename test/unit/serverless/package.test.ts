import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { analytics } from '../../../functions/analytics/definition.ts';
import { processor } from '../../../functions/processor/definition.ts';
import { readSettings } from '../../../functions/runtime/read-settings.ts';
import { storage } from '../../../functions/storage/definition.ts';
import type { ScalingPolicy } from '../../../infra/scaling/policy.ts';
import { provisionedPollers } from '../../../infra/scaling/targets/pollers.ts';
import { analyticsFunctionScaling, storageFunctionScaling } from '../../../infra/scaling.ts';
import { topicLogicalId } from '../../../infra/serverless/topics.ts';
import { topics } from '../../../infra/topics.ts';
import { inspectArchives, type PackagedBundle } from '../../../scripts/package/archives.ts';
import { templateProblems } from '../../../scripts/package/check-template.ts';
import type { Sbom } from '../../../scripts/package/sbom.ts';
import type { Resource } from '../../../scripts/package/template.ts';
import { readZip } from '../../../scripts/package/zip.ts';
import {
  functionNames,
  functions,
  mappingIdOf,
  mappingOf,
  msk,
  names,
  of,
  packageAll,
  resource,
  statementsOf,
  typeOf,
} from './packaged.ts';
import { alarmTopicArn, clusterArn, databaseSecretArn, secretArn, storageSecretArn } from './run.ts';

beforeAll(packageAll, 240_000);

const maximumOf = (policy: ScalingPolicy): number => provisionedPollers(policy).MaximumPollers;

/** Each is a function in a package. */
const everywhere = names.flatMap((name) => functionNames.map((one) => [name, one] as const));
const onMsk = everywhere.filter(([name]) => msk.includes(name));

describe.each(everywhere)('the package for %s: %s', (name, one) => {
  const { bundle, source, prefix, timeout, batch } = functions[one];
  const isProd = name.endsWith('prod');

  test('has its own bundle in its archive and nothing else', () => {
    const { report, archives } = of(name);
    const entries = readZip(archives.get(one) ?? Buffer.alloc(0));
    expect(entries.map((entry) => entry.name)).toEqual([bundle]);
    expect(entries[0]?.content.toString('utf8')).toContain(`name: "${one}"`);
    const digest = report.bundles.find((other) => other.name === bundle)?.sha256;
    expect(
      createHash('sha256')
        .update(entries[0]?.content ?? '')
        .digest('hex'),
    ).toBe(digest);
    expect(resource(name, `${typeOf(one)}LambdaFunction`).Metadata?.BundleSha256).toBe(digest);
  });

  test('is on arm64 and Node 24, in its network, with no secret in its environment', () => {
    const { Environment, ...properties } = resource(name, `${typeOf(one)}LambdaFunction`).Properties ?? {};
    expect(properties).toMatchObject({
      Handler: `${bundle.replace('.mjs', '')}.${one}`,
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Timeout: timeout,
      MemorySize: { processor: isProd ? 1_769 : 512, storage: 512, analytics: 1_024 }[one],
      Role: { 'Fn::GetAtt': [`${typeOf(one)}Role`, 'Arn'] },
      VpcConfig: { SubnetIds: ['subnet-0a', 'subnet-0b'], SecurityGroupIds: ['sg-0a'] },
    });
    const secret = one === 'storage' ? storageSecretArn : secretArn;
    const reference = (key: string): string => `{{resolve:secretsmanager:${secret}:SecretString:${key}}}`;
    expect(Environment.Variables).toEqual({
      LOG_LEVEL: 'info',
      STARTUP_TIMEOUT_MS: '80000',
      DEPENDENCY_WAIT_MS: '80000',
      ...(one === 'processor'
        ? { DEADLINE_MARGIN_MS: '2000' }
        : {
            DEADLINE_MARGIN_MS: '5000',
            NODE_EXTRA_CA_CERTS: '/var/runtime/ca-cert.pem',
            DATABASE_SECRET_ARN: databaseSecretArn,
            DATABASE_POOL_SIZE: '2',
            DATABASE_STATEMENT_TIMEOUT_MS: '10000',
          }),
      ...(msk.includes(name)
        ? { KAFKA_SECURITY: 'msk-iam', KAFKA_BOOTSTRAP_SERVERS: 'b-1.example.com:9098' }
        : {
            KAFKA_SECURITY: 'scram',
            KAFKA_BOOTSTRAP_SERVERS: 'kafka-1.example.com:9096,kafka-2.example.com:9096',
            KAFKA_USERNAME: reference('username'),
            KAFKA_PASSWORD: reference('password'),
          }),
    });
  });

  test('starts with these settings', () => {
    const { Environment } = resource(name, `${typeOf(one)}LambdaFunction`).Properties ?? {};
    const { checkSettings } = { processor, storage, analytics }[one];
    expect(() => readSettings(Environment.Variables, checkSettings)).not.toThrow();
  });

  test('has a mapping that takes partial answers and outlasts an outage', () => {
    const pollers = {
      processor: [2, 12],
      storage: [1, maximumOf(storageFunctionScaling)],
      analytics: [1, maximumOf(analyticsFunctionScaling)],
    };
    const [MinimumPollers, MaximumPollers] = isProd ? pollers[one] : [1, one === 'processor' ? 2 : 1];
    expect(mappingOf(name, one).Properties).toMatchObject({
      Topics: [source],
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: batch,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 10_000,
      MaximumRecordAgeInSeconds: 604_800,
      DestinationConfig: { OnFailure: { Destination: `kafka://${source}.undelivered` } },
      ProvisionedPollerConfig: { MinimumPollers, MaximumPollers },
      MetricsConfig: { Metrics: ['EventCount', 'ErrorCount', 'KafkaMetrics'] },
    });
    // Each call at once may have connections of its own to the database.
    const calls = resource(name, `${typeOf(one)}LambdaFunction`).Properties?.ReservedConcurrentExecutions;
    expect(calls).toBe(one === 'processor' ? undefined : (MaximumPollers ?? 0) * 5);
    expect(templateProblems(of(name).template)).toEqual([]);
  });

  test('gives its role no star but where a service leaves no choice', () => {
    const statements = statementsOf(name, one);
    const starred = statements.filter(({ Resource }) => JSON.stringify(Resource).includes('*'));
    expect(starred.map(({ Sid }) => Sid)).toEqual(['AttachToVpc', 'KeepTheCodeFromIt']);
    for (const { Sid, Action } of starred) {
      expect(
        [Action].flat().every((action) => action.startsWith('ec2:')),
        Sid,
      ).toBe(true);
    }
    expect(JSON.stringify(statements.map(({ Action }) => Action))).not.toContain('*');
    expect(statements.find(({ Sid }) => Sid === 'WriteLogs')?.Resource).toEqual({
      'Fn::GetAtt': [`${typeOf(one)}LogGroup`, 'Arn'],
    });
    expect(JSON.stringify(starred)).toContain(`function:hft-engine-${isProd ? 'prod' : 'dev'}-${one}"`);
  });

  test('lets its role read secrets of its own only', () => {
    const secret = one === 'storage' ? storageSecretArn : secretArn;
    const statements = statementsOf(name, one).filter(({ Action }) => String(Action).startsWith('secretsmanager'));
    expect(Object.fromEntries(statements.map(({ Sid, Action, Resource }) => [Sid, { Action, Resource }]))).toEqual({
      ...(msk.includes(name) ? {} : { ReadTheUser: { Action: 'secretsmanager:GetSecretValue', Resource: secret } }),
      ...(one === 'processor'
        ? {}
        : { ReadTheDatabaseUrls: { Action: 'secretsmanager:GetSecretValue', Resource: databaseSecretArn } }),
    });
  });

  test('has alarms that say what missing data means, and tell someone in prod', () => {
    const found = Object.entries(of(name).template.Resources).filter(
      ([id]) =>
        /(^|Storage|Analytics)(Errors|DeadLetters|Undelivered|Dropped|Lag|Duration|Throttles)Alarm$/.exec(id)?.[1] ===
        prefix,
    );
    const missing = Object.fromEntries(found.map(([id, { Properties }]) => [id, Properties?.TreatMissingData]));
    expect(missing).toEqual({
      [`${prefix}ErrorsAlarm`]: 'notBreaching',
      [`${prefix}DeadLettersAlarm`]: 'notBreaching',
      [`${prefix}UndeliveredAlarm`]: 'notBreaching',
      [`${prefix}DroppedAlarm`]: 'notBreaching',
      [`${prefix}LagAlarm`]: 'breaching',
      [`${prefix}DurationAlarm`]: 'notBreaching',
      [`${prefix}ThrottlesAlarm`]: 'notBreaching',
    });
    const own = [`${typeOf(one)}LambdaFunction`, mappingIdOf(name, one)];
    for (const [id, { Properties }] of found) {
      expect(Properties?.AlarmActions).toEqual(isProd ? [alarmTopicArn] : []);
      const [dimension] = Properties?.Dimensions ?? [];
      if (dimension) expect(own, id).toContain(dimension.Value.Ref);
      else expect(Properties).toMatchObject({ MetricName: `${prefix}DeadLetters` });
    }
    const runtime = readFileSync(new URL('../../../functions/runtime/burial.ts', import.meta.url), 'utf8');
    const { FilterPattern, LogGroupName } = resource(name, `${prefix}DeadLettersMetric`).Properties ?? {};
    expect(runtime).toContain(`'${FilterPattern.slice(1, -1)}'`);
    expect(LogGroupName).toEqual({ Ref: `${typeOf(one)}LogGroup` });
    const { Timeout } = resource(name, `${typeOf(one)}LambdaFunction`).Properties ?? {};
    expect(resource(name, `${prefix}DurationAlarm`).Properties?.Threshold).toBeLessThan(Timeout * 1_000);
    expect(resource(name, `${prefix}LagAlarm`).Properties?.Threshold).toBe(100_000);
  });

  test('keeps logs for a while', () => {
    expect(resource(name, `${typeOf(one)}LogGroup`).Properties?.RetentionInDays).toBe(isProd ? 90 : 14);
  });
});

describe.each(names)('the package for %s', (name) => {
  test('holds no secret, and no URL of a database', () => {
    const text = JSON.stringify(of(name).template);
    expect(text).not.toMatch(/DATABASE_(REPLICA_)?URLS?"|postgres(ql)?:\/\//);
    const references = text.match(/resolve:secretsmanager:[^}]*/g) ?? [];
    expect(references.filter((reference) => reference.includes(databaseSecretArn))).toEqual([]);
  });
});

describe.each(msk)('the package for %s', (name) => {
  test('makes the declared topics, which outlive it', () => {
    const made = Object.values(of(name).template.Resources).filter(({ Type }) => Type === 'AWS::MSK::Topic');
    const declared = made.map(({ Properties = {} }) => ({
      name: Properties.TopicName,
      partitions: Properties.PartitionCount,
      replicationFactor: Properties.ReplicationFactor,
      configs: JSON.parse(Buffer.from(Properties.Configs, 'base64').toString('utf8')),
    }));
    expect(declared).toEqual(topics.map(({ follows: _, unordered: __, ...topic }) => topic));
    expect(declared[0]?.configs).toHaveProperty(['compression.type'], 'producer');
    expect(made.map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(made.map(() => 'Retain'));
    expect(new Set(made.map(({ Properties }) => Properties?.ClusterArn))).toEqual(new Set([clusterArn]));
  });
});

describe.each(onMsk)('the package for %s: %s', (name, one) => {
  const { source, written } = functions[one];

  test('reads only after its topics are there', () => {
    const { DependsOn, Properties } = mappingOf(name, one);
    const needed = [source, ...written, `${source}.undelivered`].map(topicLogicalId);
    expect([...(DependsOn ?? [])].filter((id) => id.startsWith('Topic'))).toEqual(needed);
    for (const id of needed) expect(of(name).template.Resources).toHaveProperty(id);
    expect(Properties).toMatchObject({
      EventSourceArn: { Ref: 'ClusterArn' },
      AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: `${one}-group` },
    });
    expect(of(name).template.Parameters).toMatchObject({ ClusterArn: { Default: clusterArn } });
  });

  test('names each thing on the cluster by its own kind of ARN', () => {
    const topic = (topicName: string): string => `${clusterArn.replace(':cluster/', ':topic/')}/${topicName}`;
    const kafka = statementsOf(name, one).filter(({ Action }) =>
      [Action].flat().some((action) => action.startsWith('kafka')),
    );
    expect(Object.fromEntries(kafka.map(({ Sid, Action, Resource }) => [Sid, { Action, Resource }]))).toEqual({
      FindBrokers: { Action: ['kafka:DescribeClusterV2', 'kafka:GetBootstrapBrokers'], Resource: clusterArn },
      Connect: {
        Action: [
          'kafka-cluster:Connect',
          'kafka-cluster:DescribeCluster',
          'kafka-cluster:DescribeClusterDynamicConfiguration',
          'kafka-cluster:WriteDataIdempotently',
        ],
        Resource: clusterArn,
      },
      Read: {
        Action: [
          'kafka-cluster:DescribeTopic',
          'kafka-cluster:DescribeTopicDynamicConfiguration',
          'kafka-cluster:ReadData',
        ],
        Resource: topic(source),
      },
      Write: {
        Action: [
          'kafka-cluster:DescribeTopic',
          'kafka-cluster:DescribeTopicDynamicConfiguration',
          'kafka-cluster:WriteData',
        ],
        Resource: [...written, `${source}.undelivered`].map(topic),
      },
      BeInTheGroup: {
        Action: ['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'],
        Resource: `${clusterArn.replace(':cluster/', ':group/')}/${one}-group`,
      },
    });
  });
});

test.each(functionNames)('%s reaches a self-managed cluster with a user whose secret is named', (one) => {
  const name = 'self-managed prod';
  const secret = one === 'storage' ? storageSecretArn : secretArn;
  expect(mappingOf(name, one).Properties).toMatchObject({
    SelfManagedEventSource: {
      Endpoints: { KafkaBootstrapServers: ['kafka-1.example.com:9096', 'kafka-2.example.com:9096'] },
    },
    SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: `${one}-group` },
    SourceAccessConfigurations: expect.arrayContaining([{ Type: 'SASL_SCRAM_512_AUTH', URI: secret }]),
  });
  expect(JSON.stringify(of(name).template.Resources)).not.toMatch(/AWS::MSK|kafka-cluster:|arn:aws:kafka:/);
});

describe('the same bundle', () => {
  test('makes the same archive, whatever the stage and the cluster', () => {
    const all = names.flatMap((name) => of(name).report.archives);
    for (const one of functionNames) {
      const digests = all.filter((archive) => archive.function === one).map((archive) => archive.sha256);
      expect(digests).toHaveLength(names.length);
      expect(new Set(digests).size, one).toBe(1);
    }
  });
});

describe('a template is refused', () => {
  function broken(change: (template: { Resources: Record<string, Resource> }) => void): string[] {
    const copy = structuredClone(of('self-managed dev').template) as { Resources: Record<string, Resource> };
    change(copy);
    return templateProblems(copy);
  }

  test('whose function is in another bundle than its archive, or in one that was built since', () => {
    const { template, report } = of('self-managed prod');
    const inspect = (change: (resources: Record<string, Resource>) => void, digest = '') => {
      const copy = structuredClone(template) as { Resources: Record<string, Resource> };
      change(copy.Resources);
      const bundles = report.bundles.map((one) => ({ ...one, bytes: 0, sha256: digest || one.sha256 }));
      return inspectArchives(copy, dirname(report.template.path), bundles as PackagedBundle[]).problems;
    };
    const handled = (Handler: string) => (resources: Record<string, Resource>) => {
      const found = resources.StorageLambdaFunction;
      if (found) resources.StorageLambdaFunction = { ...found, Properties: { ...found.Properties, Handler } };
    };
    expect(inspect(() => undefined)).toEqual([]);
    expect(inspect(handled('dist/functions.storage'))).toEqual([
      'StorageLambdaFunction: its archive holds dist/database.mjs, not dist/functions.mjs alone',
    ]);
    expect(inspect(handled('dist/others.storage'))).toEqual([
      'StorageLambdaFunction: its handler is in dist/others.mjs, which is none of the bundles',
    ]);
    expect(inspect(() => undefined, 'ab'.repeat(32))).toContainEqual(
      expect.stringMatching(/^dist\/database\.mjs changed while it was packaged/),
    );
  });
  const mappingId = 'ProcessorEventSourceMappingKafkaMarketraw';

  test.each<[string, (template: { Resources: Record<string, Resource> }) => void, RegExp]>([
    ['whose retries end too soon', edit(mappingId, 'MaximumRetryAttempts', 7_000), /7000 retries of 80 s are 560000 s/],
    [
      'whose retries are endless, so that the service ends them',
      edit(mappingId, 'MaximumRetryAttempts', -1),
      /retries/,
    ],
    ['whose attempts are short', edit('ProcessorLambdaFunction', 'Timeout', 30), /retries of 28 s/],
    [
      'that gives up records that still exist',
      edit(mappingId, 'MaximumRecordAgeInSeconds', 86_400),
      /older than 86400/,
    ],
    [
      'with a password in it',
      edit('ProcessorLambdaFunction', 'Environment', { Variables: { KAFKA_PASSWORD: 'hunter2' } }),
      /KAFKA_PASSWORD is not a reference/,
    ],
    [
      'with the URL of a database among the variables, be it by a reference',
      edit('StorageLambdaFunction', 'Environment', { Variables: { DATABASE_URL: '{{resolve:secretsmanager:x}}' } }),
      /DATABASE_URL is shown to all who may look/,
    ],
    ['with the URL of a database elsewhere', edit(mappingId, 'Tags', ['postgres://a:b@c/d']), /the URL of a database/],
    [
      'with the secret itself in place of its ARN',
      edit('StorageLambdaFunction', 'Environment', { Variables: { DATABASE_SECRET_ARN: 'hunter2' } }),
      /DATABASE_SECRET_ARN is not a reference/,
    ],
    [
      'that ends a last statement',
      edit('StorageLambdaFunction', 'Timeout', 90),
      /comes after 85 s, before a wait of 80 s/,
    ],
    ['with a key in it', edit('ProcessorLambdaFunction', 'Description', 'AKIAIOSFODNN7EXAMPLE'), /looks like a key/],
  ])('%s', (_, change, expected) => {
    expect(broken(() => undefined)).toEqual([]);
    expect(broken(change)).toContainEqual(expect.stringMatching(expected));
  });

  function edit(id: string, property: string, value: unknown) {
    return ({ Resources }: { Resources: Record<string, Resource> }): void => {
      const found = Resources[id];
      if (found) Resources[id] = { ...found, Properties: { ...found.Properties, [property]: value } };
    };
  }
});

test('the list of what is in it is written beside it, with the digest of the bundle that was packaged', () => {
  const { sbom, bundles } = of('msk dev').report;
  const { components } = JSON.parse(readFileSync(sbom.path, 'utf8')) as Sbom;
  const digests = bundles.map(({ sha256 }) => [{ content: sha256 }]);
  expect(components[0]).toMatchObject({ name: 'functions.mjs', hashes: digests[0] });
  expect(components[1]).toMatchObject({ name: 'database.mjs', hashes: digests[1] });
  expect(components.map(({ name }) => name)).toContain('kafkajs');
});
