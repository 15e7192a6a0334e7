import kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import { readState } from '../../infra/cluster/layout.ts';
import type { TopicDeclaration } from '../../infra/topics.ts';
import { type GuardedBroker, startGuardedBroker } from '../support/guarded-broker.ts';
import { uniqueName } from '../support/topics.ts';
import {
  declaration,
  declaredConfigs,
  partitionCount,
  type TopicsCommand,
  topicsCommand,
} from '../support/topics-command.ts';

const { AclOperationTypes: rights, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
const engine = readState(inject('clusterDir'))?.engine;

// One broker of its own, as a process: containers are started in threes.
describe.runIf(engine?.kind === 'java')('a user who lacks a right', () => {
  let broker: GuardedBroker;
  let command: TopicsCommand;
  let admin: ReturnType<ReturnType<typeof kafkaClient>['admin']>;

  beforeAll(async () => {
    if (engine?.kind !== 'java') return;
    broker = await startGuardedBroker(engine);
    command = topicsCommand([broker.address]);
    admin = kafkaClient({ brokers: [broker.address], clientId: 'topics-rights' }).admin();
    await admin.connect();
  });
  afterAll(async () => {
    await admin?.disconnect();
    await broker?.stop();
    command?.dispose();
  });

  /** From then on, nobody may do anything else with the resource. */
  async function allowOnly(operations: readonly number[], resourceName: string, resourceType = AclResourceTypes.TOPIC) {
    const acl = operations.map((operation) => ({
      ...{ resourceType, resourceName, resourcePatternType: ResourcePatternTypes.LITERAL, operation },
      ...{ principal: 'User:ANONYMOUS', host: '*', permissionType: AclPermissionTypes.ALLOW },
    }));
    await admin.createAcls({ acl });
  }

  const configs = { ...declaredConfigs, 'min.insync.replicas': '1' };
  const topic = (name: string, partitions: number, more: Partial<TopicDeclaration['configs']> = {}) =>
    declaration(name, partitions, { replicationFactor: 1, configs: { ...configs, ...more } });
  const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value: String(value) }));

  const read = [rights.READ, rights.DESCRIBE_CONFIGS];
  test.each<[named: string, operations: number[], declared: (name: string) => TopicDeclaration, lacks: string]>([
    ['describe topic', [rights.DESCRIBE_CONFIGS], (name) => topic(name, 3), 'Describe'],
    ['read the settings of topic', [rights.READ], (name) => topic(name, 3), 'DescribeConfigs'],
    ['change retention.ms of topic', read, (name) => topic(name, 3, { 'retention.ms': '1000' }), 'AlterConfigs'],
    ['add partitions to topic', read, (name) => topic(name, 6), 'Alter'],
  ])('is told that it may not %s, and nothing is changed', async (named, operations, declared, lacks) => {
    const name = uniqueName('denied');
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic: name, numPartitions: 3, configEntries }] });
    await expect.poll(() => partitionCount(admin, name), { timeout: 30_000 }).toBe(3);
    await allowOnly(operations, name);

    const flags = command.flags([declared(name)]);
    const { code, stdout, stderr } = await command.run(['apply', ...flags, '--accept-key-movement', name]);

    expect(`${stdout}${stderr}`).toContain(
      `not allowed to ${named} ${name} (TOPIC_AUTHORIZATION_FAILED): grant this user ${lacks} on topic ${name}, or use one that has it.`,
    );
    expect(code).toBe(1);
    if (!operations.includes(rights.READ)) return;
    expect(await partitionCount(admin, name)).toBe(3);
  });

  test('is told that it may not create topics; what was done before stays done', async () => {
    const [first, second] = [uniqueName('allowed'), uniqueName('denied')];
    await allowOnly([rights.DESCRIBE], second);
    // The broker itself must go on, and this test with it.
    await allowOnly([rights.CLUSTER_ACTION, rights.DESCRIBE, rights.ALTER], 'kafka-cluster', AclResourceTypes.CLUSTER);

    const { code, stdout } = await command.run(['apply', ...command.flags([topic(first, 1), topic(second, 1)])]);

    expect(stdout).toContain(
      `not allowed to create topic ${second} (TOPIC_AUTHORIZATION_FAILED): grant this user Create`,
    );
    expect(stdout).toContain('1 step done, and stays so; run it again to go on.');
    expect(code).toBe(1);
    expect(await partitionCount(admin, first)).toBe(1);
    expect(await partitionCount(admin, second)).toBeUndefined();
  });
});
