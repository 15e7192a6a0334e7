import type { Cluster, LeaderBroker } from 'kafkajs/src/cluster/index.js';
import type { Right } from '../port.ts';
import {
  type Authorized,
  decodeDescribeGroupsResponse,
  decodeMetadataResponse,
  describeGroupsApi,
  encodeDescribeGroupsRequest,
  encodeMetadataRequest,
  metadataApi,
} from '../wire/rights.ts';
import { isUnauthorized, typeOf } from './failures.ts';
import { sendRaw } from './raw-request.ts';

/** TOPIC_AUTHORIZATION_FAILED and GROUP_AUTHORIZATION_FAILED: not even Describe. */
const denied: ReadonlySet<number> = new Set([29, 30]);
const bits = { Read: 3, Write: 4, Describe: 8 } as const;
const untold = -(2 ** 31);

/** Those of the rights that the brokers say this user lacks. What they do not tell is taken for granted. */
export async function missingRights(cluster: Cluster, needed: readonly Right[]): Promise<readonly Right[]> {
  const topics = [...new Set(needed.filter(({ resource }) => resource === 'topic').map(({ name }) => name))];
  const broker = await cluster.findControllerBroker();
  const found = await topicRights(broker, topics);
  const lacking = needed.filter((right) => right.resource === 'topic' && lacks(right, found));
  for (const right of needed) {
    if (right.resource === 'group' && (await lacksGroup(cluster, broker, right))) lacking.push(right);
  }
  return lacking;
}

async function topicRights(broker: LeaderBroker, topics: readonly string[]): Promise<readonly Authorized[]> {
  if (!speaks(broker, metadataApi) || topics.length === 0) return [];
  const request = { api: metadataApi, version: metadataApi.version, body: encodeMetadataRequest(topics) };
  return (await sendRaw(broker, request, decodeMetadataResponse)).found;
}

async function lacksGroup(cluster: Cluster, broker: LeaderBroker, right: Right): Promise<boolean> {
  try {
    // Asked of one broker: kafkajs' own search goes on to the next one, and forgets why.
    await broker.findGroupCoordinator({ groupId: right.name, coordinatorType: 0 });
    const coordinator = await cluster.findGroupCoordinator({ groupId: right.name });
    if (!speaks(coordinator, describeGroupsApi)) return false;
    const body = encodeDescribeGroupsRequest(right.name);
    const request = { api: describeGroupsApi, version: describeGroupsApi.version, body };
    return lacks(right, (await sendRaw(coordinator, request, decodeDescribeGroupsResponse)).found);
  } catch (error) {
    return isUnauthorized(error); // a coordinator that is not there yet is waited for when the group is joined
  }
}

function speaks({ versions }: LeaderBroker, { key, version }: { readonly key: number; readonly version: number }) {
  return (versions?.[key]?.maxVersion ?? 0) >= version;
}

function lacks({ name, operation }: Right, found: readonly Authorized[]): boolean {
  const of = found.find((one) => one.name === name);
  if (of === undefined) return false;
  if (of.errorCode !== 0 || of.operations === untold) return denied.has(of.errorCode);
  return (of.operations & (1 << bits[operation])) === 0;
}

/** The right to read that an error says is missing: of the group, or of the topic. */
export function rightOf(error: unknown, topic: string, group: string): Right | undefined {
  const type = typeOf(error);
  if (type === 'GROUP_AUTHORIZATION_FAILED') return { operation: 'Read', resource: 'group', name: group };
  return type === 'TOPIC_AUTHORIZATION_FAILED' ? { operation: 'Read', resource: 'topic', name: topic } : undefined;
}
