import { expect, test } from 'vitest';
import { analytics } from '../../../functions/analytics/definition.ts';
import { neededRights } from '../../../functions/hosts/shared/preflight.ts';
import { processor } from '../../../functions/processor/definition.ts';
import { storage } from '../../../functions/storage/definition.ts';
import { alterScramRequest, parseProblem } from '../../../infra/cluster/secure/users.ts';
import { functionPrincipal, type Grant, principals, rightsProblems } from '../../../infra/rights.ts';
import { type DeployedFunction, deployedFunctions, onFailureOf } from '../../../infra/serverless/functions.ts';
import { kafkaStatements } from '../../../infra/serverless/policies.ts';
import { topics } from '../../../infra/topics.ts';
import { rightsOf } from '../../../scripts/support/kafka/acls.ts';
import { rightSteps } from '../../../scripts/topics/rights.ts';

const grantsOf = (user: string) => principals.find(({ name }) => name === user)?.grants ?? [];
const named = (grants: readonly Grant[], resource: Grant['resource'], operation: Grant['operations'][number]) =>
  grants.filter((grant) => grant.resource === resource && grant.operations.includes(operation)).map(({ name }) => name);

test('the declared rights name declared topics', () => {
  expect(rightsProblems(principals, topics)).toEqual([]);
  const misspelt = {
    name: 'feed',
    grants: [{ resource: 'topic', name: 'market.rwa', operations: ['Write'] }],
  } as const;
  expect(rightsProblems([misspelt], topics)).toEqual([
    'feed is granted rights on topic market.rwa, which is not declared',
  ]);
});

test.each([
  ['processor', processor],
  ['storage', storage],
  ['analytics', analytics],
])('the rights of %s are those that its definition takes, and those that its role has on MSK', (name, definition) => {
  const { source, output, deadLetters, group } = definition;
  const deployed = deployedFunctions.find((one) => one.name === name) as DeployedFunction;
  expect(deployed).toMatchObject({ source, output: output ?? null, deadLetters, group });

  const grants = grantsOf(name);
  const written = [...(output === undefined ? [] : [output]), deadLetters, onFailureOf(deployed)];
  expect(named(grants, 'topic', 'Read')).toEqual([source]);
  expect(named(grants, 'topic', 'Write')).toEqual(written);
  expect(named(grants, 'group', 'Read')).toEqual([group]);

  const resources = (action: string): string[] =>
    kafkaStatements(deployed, 'arn:aws:kafka:r:1:cluster/c/i')
      .filter(({ Action }) => Action.includes(action))
      .flatMap(({ Resource }) => Resource as string | string[])
      .map((arn) => arn.split('/').at(-1) ?? '');
  expect(named(grants, 'topic', 'Read')).toEqual(resources('kafka-cluster:ReadData'));
  expect(named(grants, 'topic', 'Write')).toEqual(resources('kafka-cluster:WriteData'));
  expect(named(grants, 'group', 'Read')).toEqual(resources('kafka-cluster:AlterGroup'));
});

test('a function that parks keys may read and write the topic of them, in both hosts, and nobody else may', () => {
  const [deployed] = deployedFunctions as [DeployedFunction];
  const parking: DeployedFunction = { ...deployed, park: true };
  const needed = neededRights({ ...processor, park: true }, parking.group);
  const granted = rightsOf([functionPrincipal(parking)]);
  for (const { resource, name, operation } of needed)
    expect(granted).toContainEqual({ user: 'processor', resource, name, operation });
  const own = granted.filter(({ name }) => name === 'market.raw.dlq.parked');
  expect(own.map(({ operation }) => operation)).toEqual(['Read', 'Write', 'DescribeConfigs']);
  expect(functionPrincipal(deployed).grants.map(({ name }) => name)).not.toContain('market.raw.dlq.parked');
  // The topic must be declared.
  expect(rightsProblems([functionPrincipal(parking)], topics)).toEqual([
    'processor is granted rights on topic market.raw.dlq.parked, which is not declared',
  ]);

  const statements = kafkaStatements(parking, 'arn:aws:kafka:r:1:cluster/c/i');
  const others = kafkaStatements(deployed, 'arn:aws:kafka:r:1:cluster/c/i');
  expect(statements.filter(({ Sid }) => Sid !== 'ParkKeys')).toEqual(others);
  expect(statements.find(({ Sid }) => Sid === 'ParkKeys')).toMatchObject({
    Action: ['DescribeTopic', 'DescribeTopicDynamicConfiguration', 'ReadData', 'WriteData'].map(
      (action) => `kafka-cluster:${action}`,
    ),
    Resource: ['arn:aws:kafka:r:1:topic/c/i/market.raw.dlq.parked'],
  });
});

test('nobody but the operator may touch what is not named', () => {
  for (const { name, grants } of principals.filter((one) => one.name !== 'operator')) {
    expect(
      grants.filter((grant) => grant.name === '*' || grant.resource === 'cluster'),
      name,
    ).toEqual([]);
  }
});

test('what is missing is granted by user; what nobody declared is told and left alone', () => {
  const declared = [
    { name: 'feed', grants: [{ resource: 'topic', name: 'a', operations: ['Read', 'Write'] }] },
  ] as const;
  const [read, write] = rightsOf(declared);
  const stranger = { user: 'storage', resource: 'topic', name: 'a', operation: 'Write' } as const;
  expect(rightSteps(declared, undefined)).toEqual([]);
  expect(rightSteps(declared, { rights: [read, write].flatMap((one) => one ?? []), others: [] })).toEqual([]);
  expect(
    rightSteps(declared, { rights: [...(read ? [read] : []), stranger], others: ['User:x is denied Read'] }),
  ).toEqual([
    { kind: 'grant', name: 'feed', rights: [write] },
    { kind: 'extra-rights', name: 'storage', rights: ['topic a (Write)'] },
    { kind: 'extra-rights', name: 'others', rights: ['User:x is denied Read'] },
  ]);
});

test('a request for users holds no password; its answer tells what was refused', () => {
  expect(alterScramRequest({ feed: 'canary-password' }).toString('latin1')).not.toContain('canary-password');
  const result = (name: string, code: number, message: string) =>
    Buffer.concat([
      Buffer.from([name.length + 1]),
      Buffer.from(name),
      Buffer.from([0, code, message.length + 1]),
      Buffer.from(message),
      Buffer.from([0]),
    ]);
  const answer = (...results: Buffer[]) =>
    Buffer.concat([Buffer.alloc(9), Buffer.from([results.length + 1]), ...results, Buffer.from([0])]);
  expect(parseProblem(answer(result('feed', 0, ''), result('storage', 0, '')))).toBeUndefined();
  expect(parseProblem(answer(result('feed', 0, ''), result('storage', 31, 'no')))).toBe('user storage: error 31 no');
  expect(parseProblem(answer())).toBe('the answer is empty');
});
