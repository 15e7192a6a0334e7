import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { topics } from '../../../infra/topics.ts';
import { templateProblems } from '../../../scripts/package/check-template.ts';
import type { Sbom } from '../../../scripts/package/sbom.ts';
import { type Resource, readTemplate, type Template } from '../../../scripts/package/template.ts';
import { readZip } from '../../../scripts/package/zip.ts';
import { account, alarmTopicArn, clusterArn, run, secretArn, uncertified } from './run.ts';

interface Report {
  readonly archive: { readonly path: string; readonly sha256: string };
  readonly bundle: { readonly sha256: string };
  readonly template: { readonly path: string };
  readonly sbom: { readonly path: string };
}

const alarms = ['--param', `alarmTopicArn=${alarmTopicArn}`];
/** Each is packaged once, one after the other: they share the bundle. */
const cases = {
  'msk dev': ['--stage', 'dev', ...account.msk],
  'msk prod': ['--stage', 'prod', ...account.msk, ...alarms],
  'self-managed dev': ['--stage', 'dev', ...account.selfManaged],
  'self-managed prod': ['--stage', 'prod', ...account.selfManaged, ...alarms],
} as const;
type Case = keyof typeof cases;
const names = Object.keys(cases) as Case[];
const msk = names.filter((name) => name.startsWith('msk'));

const packaged = new Map<Case, { report: Report; template: Template; archive: Buffer }>();

beforeAll(async () => {
  const waiver = await uncertified();
  for (const name of names) {
    const { code, stdout, stderr } = await run('package', ...cases[name], ...waiver, '--json');
    if (code !== 0) throw new Error(`packaging ${name} ended with ${code}: ${stderr}`);
    const report = JSON.parse(stdout) as Report;
    // The folder is packaged into again by whoever comes next: read at once.
    packaged.set(name, {
      report,
      template: readTemplate(report.template.path),
      archive: readFileSync(report.archive.path),
    });
  }
}, 90_000);

function of(name: Case): { report: Report; template: Template; archive: Buffer } {
  const found = packaged.get(name);
  if (!found) throw new Error(`${name} was not packaged`);
  return found;
}

function resource(name: Case, id: string): Resource {
  const found = of(name).template.Resources[id];
  if (!found) throw new Error(`${name} has no ${id}`);
  return found;
}

function mappingOf(name: Case): Resource {
  const kind = msk.includes(name) ? 'MSKClusterArn' : 'Kafka';
  return resource(name, `ProcessorEventSourceMapping${kind}Marketraw`);
}

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

function statementsOf(name: Case): Statement[] {
  const policies: { PolicyDocument: { Statement: Statement[] } }[] = resource(name, 'ProcessorRole').Properties
    ?.Policies;
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

describe.each(names)('the package for %s', (name) => {
  test('holds the bundle and nothing else', () => {
    const { report, archive } = of(name);
    const entries = readZip(archive);
    expect(entries.map((entry) => entry.name)).toEqual(['dist/functions.mjs']);
    expect(entries[0]?.content.toString('utf8')).toContain('processor');
    expect(resource(name, 'ProcessorLambdaFunction').Metadata?.BundleSha256).toBe(report.bundle.sha256);
  });

  test('has the function on arm64 and Node 24, in its network, with no secret in its environment', () => {
    const { Environment, ...properties } = resource(name, 'ProcessorLambdaFunction').Properties ?? {};
    expect(properties).toMatchObject({
      Handler: 'dist/functions.processor',
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Timeout: 90,
      MemorySize: name.endsWith('prod') ? 1_769 : 512,
      Role: { 'Fn::GetAtt': ['ProcessorRole', 'Arn'] },
      VpcConfig: { SubnetIds: ['subnet-0a', 'subnet-0b'], SecurityGroupIds: ['sg-0a'] },
    });
    const reference = (key: string): string => `{{resolve:secretsmanager:${secretArn}:SecretString:${key}}}`;
    expect(Environment.Variables).toEqual({
      LOG_LEVEL: 'info',
      STARTUP_TIMEOUT_MS: '80000',
      DEPENDENCY_WAIT_MS: '80000',
      DEADLINE_MARGIN_MS: '2000',
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

  test('has a mapping that takes partial answers and outlasts an outage', () => {
    expect(mappingOf(name).Properties).toMatchObject({
      Topics: ['market.raw'],
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 1_000,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 10_000,
      MaximumRecordAgeInSeconds: 604_800,
      DestinationConfig: { OnFailure: { Destination: 'kafka://market.raw.undelivered' } },
      ProvisionedPollerConfig: name.endsWith('prod')
        ? { MinimumPollers: 2, MaximumPollers: 12 }
        : { MinimumPollers: 1, MaximumPollers: 2 },
    });
    expect(templateProblems(of(name).template)).toEqual([]);
  });

  test('gives its role no star but where a service leaves no choice', () => {
    const starred = statementsOf(name).filter(({ Resource }) => JSON.stringify(Resource).includes('*'));
    expect(starred.map(({ Sid }) => Sid)).toEqual(['AttachToVpc', 'KeepTheCodeFromIt']);
    for (const { Sid, Action } of starred) {
      expect(
        [Action].flat().every((action) => action.startsWith('ec2:')),
        Sid,
      ).toBe(true);
    }
    expect(JSON.stringify(statementsOf(name).map(({ Action }) => Action))).not.toContain('*');
    expect(statementsOf(name).find(({ Sid }) => Sid === 'WriteLogs')?.Resource).toEqual({
      'Fn::GetAtt': ['ProcessorLogGroup', 'Arn'],
    });
  });

  test('has alarms that say what missing data means, and tell someone in prod', () => {
    const found = Object.entries(of(name).template.Resources).filter(([id]) => id.endsWith('Alarm'));
    const missing = Object.fromEntries(found.map(([id, { Properties }]) => [id, Properties?.TreatMissingData]));
    expect(missing).toEqual({
      ErrorsAlarm: 'notBreaching',
      DeadLettersAlarm: 'notBreaching',
      UndeliveredAlarm: 'notBreaching',
      DroppedAlarm: 'notBreaching',
      LagAlarm: 'breaching',
      DurationAlarm: 'notBreaching',
      ThrottlesAlarm: 'notBreaching',
    });
    for (const [, { Properties }] of found) {
      expect(Properties?.AlarmActions).toEqual(name.endsWith('prod') ? [alarmTopicArn] : []);
    }
    const runtime = readFileSync(new URL('../../../functions/runtime/lane.ts', import.meta.url), 'utf8');
    const pattern: string = resource(name, 'DeadLettersMetric').Properties?.FilterPattern;
    expect(runtime).toContain(`'${pattern.slice(1, -1)}'`);
    const { Timeout } = resource(name, 'ProcessorLambdaFunction').Properties ?? {};
    expect(resource(name, 'DurationAlarm').Properties?.Threshold).toBeLessThan(Timeout * 1_000);
  });

  test('keeps logs for a while', () => {
    const days = name.endsWith('prod') ? 90 : 14;
    expect(resource(name, 'ProcessorLogGroup').Properties?.RetentionInDays).toBe(days);
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

  test('reads only after the topics are there', () => {
    const { DependsOn, Properties } = mappingOf(name);
    for (const id of ['TopicMarketRaw', 'TopicMarketEnriched', 'TopicMarketRawDlq', 'TopicMarketRawUndelivered']) {
      expect(DependsOn).toContain(id);
      expect(of(name).template.Resources).toHaveProperty(id);
    }
    expect(Properties).toMatchObject({
      EventSourceArn: { Ref: 'ClusterArn' },
      AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'processor-group' },
    });
    expect(of(name).template.Parameters).toMatchObject({ ClusterArn: { Default: clusterArn } });
  });

  test('names each thing on the cluster by its own kind of ARN', () => {
    const topic = (topicName: string): string => `${clusterArn.replace(':cluster/', ':topic/')}/${topicName}`;
    const kafka = statementsOf(name).filter(({ Action }) => [Action].flat().some((one) => one.startsWith('kafka')));
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
        Resource: topic('market.raw'),
      },
      Write: {
        Action: [
          'kafka-cluster:DescribeTopic',
          'kafka-cluster:DescribeTopicDynamicConfiguration',
          'kafka-cluster:WriteData',
        ],
        Resource: ['market.enriched', 'market.raw.dlq', 'market.raw.undelivered'].map(topic),
      },
      BeInTheGroup: {
        Action: ['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'],
        Resource: `${clusterArn.replace(':cluster/', ':group/')}/processor-group`,
      },
    });
  });
});

test('a self-managed cluster is reached with a user whose secret is named, and nothing of MSK is there', () => {
  const name = 'self-managed prod';
  expect(mappingOf(name).Properties).toMatchObject({
    SelfManagedEventSource: {
      Endpoints: { KafkaBootstrapServers: ['kafka-1.example.com:9096', 'kafka-2.example.com:9096'] },
    },
    SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'processor-group' },
    SourceAccessConfigurations: expect.arrayContaining([{ Type: 'SASL_SCRAM_512_AUTH', URI: secretArn }]),
  });
  expect(statementsOf(name).find(({ Sid }) => Sid === 'ReadTheUser')).toMatchObject({
    Action: 'secretsmanager:GetSecretValue',
    Resource: secretArn,
  });
  expect(JSON.stringify(of(name).template.Resources)).not.toMatch(/AWS::MSK|kafka-cluster:|arn:aws:kafka:/);
});

describe('the same bundle', () => {
  test('makes the same archive, whatever the stage and the cluster', () => {
    const all = names.map((name) => of(name).report);
    const [first] = all;
    const same = all.filter(({ bundle }) => bundle.sha256 === first?.bundle.sha256);
    expect(same.length).toBeGreaterThan(1);
    expect(new Set(same.map(({ archive }) => archive.sha256)).size).toBe(1);
  });
});

describe('a template is refused', () => {
  function broken(change: (template: { Resources: Record<string, Resource> }) => void): string[] {
    const copy = structuredClone(of('self-managed dev').template) as { Resources: Record<string, Resource> };
    change(copy);
    return templateProblems(copy);
  }
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
  const { sbom, bundle } = of('msk dev').report;
  const { components } = JSON.parse(readFileSync(sbom.path, 'utf8')) as Sbom;
  expect(components[0]).toMatchObject({ name: 'functions.mjs', hashes: [{ content: bundle.sha256 }] });
  expect(components.map(({ name }) => name)).toContain('kafkajs');
});
