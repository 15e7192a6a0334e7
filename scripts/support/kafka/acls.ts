import type { AclEntry } from 'kafkajs/src/protocol/requests/index.js';
import { clusterName, type Grant, type Operation, type Principal } from '../../../infra/rights.ts';
import { type BrokerConnection, errorName } from './broker.ts';

/** One right of one user, from anywhere: what a grant comes to. */
export interface Right {
  /** Without Kafka's `User:`. */
  readonly user: string;
  readonly resource: Grant['resource'];
  readonly name: string;
  readonly operation: Operation;
}

/** What the rights of a cluster are. */
export interface LiveRights {
  readonly rights: readonly Right[];
  /** Entries that this project never makes, in words: refusals, prefixes, single hosts, other kinds of things. */
  readonly others: readonly string[];
}

/** What the brokers said of rights that they did not tell or take. */
export class RightsRefusedError extends Error {
  readonly code: number;

  constructor(code: number, said: string | null) {
    super(`${errorName(code)}${said ? `: ${said}` : ''}`);
    this.code = code;
  }
}

type Ask = <Answer>(question: (broker: BrokerConnection) => Promise<Answer>) => Promise<Answer>;

const any = 1;
const allow = 3;
const literal = 3;
const everywhere = '*';
/** SECURITY_DISABLED: there is no authorizer, so everybody may do everything. */
const noAuthorizer = 54;

const resourceTypes: Readonly<Record<Grant['resource'], number>> = {
  ...{ topic: 2, group: 3, cluster: 4, 'transactional-id': 5 },
};
const operationTypes: Readonly<Record<Operation, number>> = {
  ...{ Read: 3, Write: 4, Create: 5, Delete: 6, Alter: 7, Describe: 8, DescribeConfigs: 10, AlterConfigs: 11 },
};

/** The rights that were declared, one by one. */
export function rightsOf(principals: readonly Principal[]): Right[] {
  return principals.flatMap(({ name: user, grants }) =>
    grants.flatMap(({ resource, name, operations }) =>
      operations.map((operation) => ({ user, resource, name, operation })),
    ),
  );
}

/** Two of the same text are the same right. */
export function rightText({ user, resource, name, operation }: Right): string {
  return `${user}: ${operation} on ${resource === 'cluster' ? 'the cluster' : `${resource} ${name}`}`;
}

/**
 * All rights of a cluster; undefined where there is no authorizer.
 * @throws RightsRefusedError
 */
export async function readRights(ask: Ask): Promise<LiveRights | undefined> {
  const filter = { resourceType: any, resourceName: null, resourcePatternType: any, principal: null, host: null };
  const answer = await ask((broker) => broker.ask('DescribeAcls', { ...filter, operation: any, permissionType: any }));
  if (answer.errorCode === noAuthorizer) return undefined;
  if (answer.errorCode !== 0) throw new RightsRefusedError(answer.errorCode, answer.errorMessage);
  const rights: Right[] = [];
  const others: string[] = [];
  for (const { acls, ...resource } of answer.resources) {
    for (const acl of acls) {
      const right = rightOf({ ...resource, ...acl });
      if (right) rights.push(right);
      else others.push(otherText({ ...resource, ...acl }));
    }
  }
  return { rights, others };
}

/**
 * Grants rights. One that is there already stays.
 * @throws RightsRefusedError
 */
export async function grantRights(ask: Ask, rights: readonly Right[]): Promise<void> {
  const creations = rights.map(({ user, resource, name, operation }) => ({
    ...{ resourceType: resourceTypes[resource], resourceName: resource === 'cluster' ? clusterName : name },
    ...{ resourcePatternType: literal, principal: `User:${user}`, host: everywhere },
    ...{ operation: operationTypes[operation], permissionType: allow },
  }));
  const { creationResponses } = await ask((broker) => broker.ask('CreateAcls', { creations }));
  const refused = creationResponses.find(({ errorCode }) => errorCode !== 0);
  if (refused) throw new RightsRefusedError(refused.errorCode, refused.errorMessage);
}

function rightOf(acl: AclEntry): Right | undefined {
  const { principal, host, resourceName: name } = acl;
  if (acl.permissionType !== allow || acl.resourcePatternType !== literal || host !== everywhere) return undefined;
  const resource = keyOf(resourceTypes, acl.resourceType);
  const operation = keyOf(operationTypes, acl.operation);
  if (resource === undefined || operation === undefined || !principal.startsWith('User:')) return undefined;
  return { user: principal.slice('User:'.length), resource, name, operation };
}

function keyOf<Key extends string>(codes: Readonly<Record<Key, number>>, wanted: number): Key | undefined {
  return (Object.keys(codes) as Key[]).find((key) => codes[key] === wanted); // the keys are those of the type
}

function otherText({ principal, host, resourceName, operation, permissionType }: AclEntry): string {
  const what = keyOf(operationTypes, operation) ?? `operation ${operation}`;
  const verb = permissionType === allow ? 'allowed' : 'denied';
  return `${principal} from ${host} is ${verb} ${what} on ${resourceName}`;
}
