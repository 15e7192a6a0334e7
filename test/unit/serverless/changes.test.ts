import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { changesBetween, type ResourceChange } from '../../../scripts/deploy/changes.ts';
import { changesText } from '../../../scripts/deploy/text.ts';
import type { Resource, Template } from '../../../scripts/package/template.ts';
import { account, clusterArn, run } from './run.ts';

const topic: Resource = {
  Type: 'AWS::MSK::Topic',
  DeletionPolicy: 'Retain',
  Properties: {
    ClusterArn: clusterArn,
    TopicName: 'market.raw',
    PartitionCount: 60,
    ReplicationFactor: 3,
    Configs: 'e30=',
  },
};
const mapping: Resource = {
  Type: 'AWS::Lambda::EventSourceMapping',
  Properties: {
    StartingPosition: 'TRIM_HORIZON',
    BatchSize: 1_000,
    AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'processor-group' },
  },
};
const made: Resource = {
  Type: 'AWS::Lambda::Function',
  Metadata: { BundleSha256: 'a' },
  Properties: { FunctionName: 'f', Code: { S3Key: 'then' }, Timeout: 90 },
};
const before: Template = { Resources: { Topic: topic, Mapping: mapping, Function: made } };

/** What becomes of one resource when one of its properties is another. */
function changed(id: string, properties: object, metadata?: object): ResourceChange[] {
  const old = before.Resources[id] as Resource;
  const next = { ...old, Metadata: { ...old.Metadata, ...metadata }, Properties: { ...old.Properties, ...properties } };
  return changesBetween(before, { Resources: { ...before.Resources, [id]: next } });
}

describe('changes between two templates', () => {
  test.each<[string, object, ResourceChange['action'], RegExp?]>([
    ['Topic', { PartitionCount: 120 }, 'refused', /keys move to other partitions[\s\S]*npm run topics -- migrate/],
    ['Topic', { PartitionCount: 30 }, 'impossible', /cannot take partitions away/],
    ['Topic', { PartitionCount: 120, Configs: 'e30K' }, 'refused', /deploy twice/],
    ['Topic', { TopicName: 'market.rawer', PartitionCount: 120 }, 'replace', /the new topic is empty/],
    ['Topic', { TopicName: 'market.rawer', PartitionCount: 30 }, 'replace', /the new topic is empty/],
    ['Topic', { TopicName: 'market.rawer' }, 'replace', /the new topic is empty/],
    ['Topic', { Configs: 'e30K' }, 'update'],
    ['Mapping', { StartingPosition: 'LATEST' }, 'replace', /goes on where it was/],
    [
      'Mapping',
      { AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'x' } },
      'replace',
      /everything is read again/,
    ],
    ['Mapping', { BatchSize: 10 }, 'update'],
    ['Function', { FunctionName: 'g' }, 'replace'],
    ['Function', { Timeout: 60 }, 'update'],
  ])('%s with %j: %s', (id, properties, action, note) => {
    const changes = changed(id, properties);
    expect(changes).toMatchObject([{ id, action }]);
    if (note) expect(changes[0]?.notes.join('\n')).toMatch(note);
    else expect(changes[0]?.notes).toEqual([]);
  });

  test('partitions are added where that is accepted by name, or nobody relies on order; nowhere else', () => {
    const grown = (name: string, accepted: readonly string[]) => {
      const of = (PartitionCount: number): Template => ({
        Resources: { Topic: { ...topic, Properties: { ...topic.Properties, TopicName: name, PartitionCount } } },
      });
      return changesBetween(of(12), of(24), accepted);
    };
    expect(grown('market.raw', [])).toMatchObject([{ action: 'refused' }]);
    expect(grown('market.raw', ['market.enriched'])).toMatchObject([{ action: 'refused' }]);
    expect(grown('of.others', [])).toMatchObject([{ action: 'refused' }]);
    expect(grown('market.raw', ['market.enriched', 'market.raw'])).toMatchObject([
      { action: 'update', notes: [expect.stringContaining('accepted with --accept-key-movement')] },
    ]);
    expect(grown('market.raw.undelivered', [])).toMatchObject([{ action: 'update', notes: [] }]);
    expect(changesText(grown('market.raw', []), 'before.json')).toMatch(/: 1 refused\.\n {2}✗ refused Topic/);
  });

  test('the time in the name of the archive is none; another bundle is', () => {
    expect(changed('Function', { Code: { S3Key: 'now' } })).toEqual([]);
    expect(changed('Function', { Code: { S3Key: 'now' } }, { BundleSha256: 'b' })).toMatchObject([
      { action: 'update', properties: [{ path: 'Metadata.BundleSha256', before: 'a', after: 'b' }] },
    ]);
  });

  test('what is there on one side only is created or removed, and a kept topic is said to be kept', () => {
    const { Topic: _, ...rest } = before.Resources;
    expect(changesBetween({ Resources: rest }, before)).toMatchObject([{ id: 'Topic', action: 'create' }]);
    const removed = changesBetween(before, { Resources: rest });
    expect(removed).toMatchObject([{ id: 'Topic', action: 'remove', notes: [expect.stringMatching(/stays/)] }]);
    expect(changesText(removed, 'before.json')).toContain('- remove Topic (AWS::MSK::Topic)');
  });

  test('nothing is said to be nothing', () => {
    expect(changesBetween(before, before)).toEqual([]);
    expect(changesText([], 'before.json')).toBe('Against before.json: nothing would change.\n');
  });
});

function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'deploy-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

test('a dry run tells a topic that would get fewer partitions, needs no account, and ends with 1', async () => {
  const path = join(temporaryDir(), 'before.json');
  const wider = { ...topic, Properties: { ...topic.Properties, PartitionCount: 72 } };
  writeFileSync(path, JSON.stringify({ Resources: { TopicMarketRaw: wider } }));
  const { code, stdout, stderr } = await run(
    'deploy',
    '--stage',
    'dev',
    '--dry-run',
    '--against',
    path,
    ...account.msk,
  );
  expect(stderr).toBe('');
  expect(code).toBe(1);
  expect(stdout).toContain('✗ impossible TopicMarketRaw (AWS::MSK::Topic)');
  expect(stdout).toContain('PartitionCount: 72 -> 60');
  expect(stdout).toContain('may kafka-cluster:DescribeGroup, kafka-cluster:AlterGroup on arn:aws:kafka:');
  expect(stdout).toContain('1 to 2 pollers, batches of up to 1000, ReportBatchItemFailures');
}, 60_000);

test('a dry run ends with 1 for partitions that move keys, and with 0 when that is accepted by name', async () => {
  const path = join(temporaryDir(), 'before.json');
  const fewer = { ...topic, Properties: { ...topic.Properties, PartitionCount: 30 } };
  writeFileSync(path, JSON.stringify({ Resources: { TopicMarketRaw: fewer } }));
  const dryRun = (...flags: string[]) =>
    run('deploy', '--stage', 'dev', '--dry-run', '--against', path, ...account.msk, ...flags);
  const refused = await dryRun();
  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain('✗ refused TopicMarketRaw (AWS::MSK::Topic)');
  expect(refused.stdout).toContain('--accept-key-movement market.raw');
  expect((await dryRun('--accept-key-movement', 'market.raw')).code).toBe(0);
  const stranger = await dryRun('--accept-key-movement', 'market.row');
  expect(stranger).toMatchObject({ code: 2, stdout: '' });
}, 90_000);
