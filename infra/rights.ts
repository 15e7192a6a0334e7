import { type DeployedFunction, deployedFunctions, onFailureOf, parkedTopicsOf } from './serverless/functions.ts';
import type { TopicDeclaration } from './topics.ts';

/** What Kafka's ACLs can allow, by Kafka's names. Read and Write bring Describe along, AlterConfigs DescribeConfigs. */
export type Operation =
  | 'Read'
  | 'Write'
  | 'Create'
  | 'Delete'
  | 'Alter'
  | 'Describe'
  | 'DescribeConfigs'
  | 'AlterConfigs';

/** What one user may do with one thing. `*` is every topic, every group, or every transactional id. */
export interface Grant {
  readonly resource: 'topic' | 'group' | 'cluster' | 'transactional-id';
  readonly name: string;
  readonly operations: readonly Operation[];
}

/** A user of a cluster with an authorizer, and all that it may do. */
export interface Principal {
  /** Without Kafka's `User:`. */
  readonly name: string;
  readonly grants: readonly Grant[];
}

/** Kafka has one cluster to name. */
export const clusterName = 'kafka-cluster';

// A function asks for max.message.bytes of its topics, which is a right of its own.
const read = (name: string): Grant => ({ resource: 'topic', name, operations: ['Read', 'DescribeConfigs'] });
const write = (name: string): Grant => ({ resource: 'topic', name, operations: ['Write', 'DescribeConfigs'] });
const readAndWrite = (name: string): Grant => ({
  ...{ resource: 'topic', name },
  operations: ['Read', 'Write', 'DescribeConfigs'],
});
const group = (name: string): Grant => ({ resource: 'group', name, operations: ['Read'] });

/** A function, with the least that it needs: the same that infra/serverless/policies.ts gives its role on MSK. */
export function functionPrincipal(one: DeployedFunction): Principal {
  const { name, source, output, deadLetters } = one;
  return {
    name,
    grants: [
      read(source),
      ...(output === null ? [] : [write(output)]),
      write(deadLetters),
      ...parkedTopicsOf(one).map(readAndWrite),
      // Of who polls for a function, when it gives up.
      write(onFailureOf(one)),
      group(one.group),
    ],
  };
}

/**
 * The users of the pipeline, each with the least that it needs: what `npm run topics -- apply` grants on a cluster with an
 * authorizer, which denies everything else. An idempotent producer needs no more than Write (Kafka 3.0).
 */
export const principals: readonly Principal[] = [
  ...deployedFunctions.map(functionPrincipal),
  { name: 'feed', grants: [{ resource: 'topic', name: 'market.raw', operations: ['Write'] }] },
  {
    // Topics and their rights, offsets, redriven dead letters, migrated topics of any name: who may grant may do anything.
    name: 'operator',
    grants: [
      { resource: 'cluster', name: clusterName, operations: ['Alter', 'Describe'] },
      {
        resource: 'topic',
        name: '*',
        operations: ['Read', 'Write', 'Create', 'Alter', 'Describe', 'DescribeConfigs', 'AlterConfigs'],
      },
      { resource: 'group', name: '*', operations: ['Read', 'Describe', 'Delete'] },
      // A redrive writes in transactions.
      { resource: 'transactional-id', name: '*', operations: ['Write', 'Describe'] },
    ],
  },
];

/** What is wrong with the declared rights, one line each: a topic that nobody declares is a misspelt one. */
export function rightsProblems(declared: readonly Principal[], topics: readonly TopicDeclaration[]): string[] {
  const names = topics.map(({ name }) => name);
  return declared.flatMap(({ name: user, grants }) =>
    grants
      .filter(({ resource, name }) => resource === 'topic' && name !== '*' && !names.includes(name))
      .map(({ name }) => `${user} is granted rights on topic ${name}, which is not declared`),
  );
}
