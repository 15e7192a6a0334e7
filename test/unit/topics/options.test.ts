import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { principals } from '../../../infra/rights.ts';
import { topics } from '../../../infra/topics.ts';
import { refusal } from '../../../scripts/topics/kafka/refusal.ts';
import { topicsOptions } from '../../../scripts/topics/options.ts';
import type { Plan } from '../../../scripts/topics/plan.ts';
import { checkVerdict, planLines, planVerdict } from '../../../scripts/topics/text.ts';

const dir = mkdtempSync(join(tmpdir(), 'hft-topics-'));
const step = { kind: 'add-partitions', name: 'a', from: 6, to: 9 } as const;
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

describe('the options', () => {
  test('name the target that the rest names, else the local one', async () => {
    const kindOf = async (flags: object, env = {}) => (await topicsOptions(flags, env)).target.kind;
    expect(await kindOf({})).toBe('local');
    expect(await kindOf({}, { KAFKA_BOOTSTRAP_SERVERS: 'a:1' })).toBe('kafka');
    expect(await kindOf({ bootstrap: 'a:1' })).toBe('kafka');
    expect(await kindOf({ target: 'local' }, { KAFKA_BOOTSTRAP_SERVERS: 'a:1' })).toBe('local');
    expect((await topicsOptions({}, {})).plan).toEqual({ declared: topics, principals, accepted: [], sample: 6_000 });
  });

  test('that are wrong are all named at once', async () => {
    const flags = { target: 'moon', sample: '0', bootstrap: ' ', declared: join(dir, 'none.mjs') };
    await expect(topicsOptions(flags, {})).rejects.toThrow(
      /--target takes .*'moon'; --bootstrap takes .*; --sample takes .*'0'; --declared '.*none\.mjs' does not exist/,
    );
    await expect(topicsOptions({ target: 'local', bootstrap: 'a:1' }, {})).rejects.toThrow(/--bootstrap goes with/);
    await expect(topicsOptions({ target: 'kafka', 'cluster-arn': 'x' }, {})).rejects.toThrow(/--cluster-arn goes with/);
  });

  test('are repeated in the commands that the report proposes', async () => {
    const flags = { target: 'msk', 'cluster-name': "it's", region: 'eu-west-1', 'accept-key-movement': ['market.raw'] };
    const { again, source } = await topicsOptions(flags, {});
    expect(again).toEqual({
      target: " --target msk --cluster-name 'it'\\''s' --region eu-west-1",
      accepted: ' --accept-key-movement market.raw',
    });
    expect((await topicsOptions({ sample: '10' }, {})).again).toEqual({ target: '', accepted: '' });
    const pending: Plan = {
      target: 't',
      declared: 1,
      problems: [],
      steps: [step],
      risks: [],
      withRights: false,
    };
    expect(planVerdict(pending, again)).toBe(
      `1 change to make: npm run topics -- apply${again.target} --accept-key-movement market.raw`,
    );
    expect(checkVerdict(pending, again)).toContain(`npm run topics -- plan${again.target}`);
    const risk = { topic: 'a', from: 6, to: 9, keyed: true, divisibility: [], accepted: false, trouble: 'none' };
    const lines = planLines({ ...pending, risks: [risk] }, { source, again }).join('\n');
    expect(lines).toContain(`'npm run topics -- apply${again.target}${again.accepted} --accept-key-movement a'`);
    expect(lines).toContain(`'npm run topics -- migrate${again.target} --topic a --to a.v2 --partitions 12 --plan'`);
  });

  test('take no movement of keys for a topic that is not declared', async () => {
    await expect(topicsOptions({ 'accept-key-movement': ['market.row'] }, {})).rejects.toThrow(
      "--accept-key-movement 'market.row' is no topic of infra/topics.ts",
    );
  });

  test('refuse a file that declares no topics, and say what it lacks', async () => {
    const wrong = [
      'export const topic = [];',
      "export const topics = [{ name: 'a', partitions: 0, replicationFactor: 1, configs: {} }];",
      "export const topics = [{ name: 'a', partitions: 1, replicationFactor: 1, configs: { 'retention.ms': 5 } }];",
    ];
    for (const [index, text] of wrong.entries()) {
      const declared = file(`wrong-${index}.mjs`, text);
      await expect(topicsOptions({ declared }, {}), text).rejects.toThrow(/does not export 'topics' as a list of/);
    }
    const declared = file('broken.mjs', 'export const topics = [;');
    await expect(topicsOptions({ declared }, {})).rejects.toThrow(/broken\.mjs cannot be loaded \(.*\): correct it\.$/);
  });
});

describe('a refusal of the brokers', () => {
  test('names what was wanted, the right that is missing, and what to do', () => {
    const wanted = 'create topic a\u001b[2J';
    expect(refusal({ wanted, right: 'Create on topic a', code: 29 }).message).toBe(
      'not allowed to create topic a\\u{1b}[2J (TOPIC_AUTHORIZATION_FAILED): grant this user Create on topic a, or use one that has it.',
    );
    expect(refusal({ wanted: 'create topic a', right: '', code: 38, message: 'Only 2 brokers.' }).message).toBe(
      'cannot create topic a (INVALID_REPLICATION_FACTOR, Only 2 brokers): start the brokers that are missing, or declare fewer replicas.',
    );
  });
});
