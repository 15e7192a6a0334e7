import type { Cluster, KafkaClient } from '@aws-sdk/client-kafka';
import { CommandError, UsageError } from '../../support/command.ts';
import { printable, some } from '../../support/words.ts';
import { failure } from './failures.ts';
import type { ServiceCall } from './rights.ts';

/** The SDK is loaded when it is needed: other targets do without it. */
export type Sdk = typeof import('@aws-sdk/client-kafka');

/** A client, and calls through it whose failures are CommandErrors. */
export interface MskApi {
  readonly sdk: Sdk;
  readonly client: KafkaClient;
  /** Runs a call, and says what its failure means. */
  call<Answer>(what: ServiceCall, run: () => Promise<Answer>): Promise<Answer>;
}

/** A cluster as far as it matters here. */
export interface MskCluster {
  readonly arn: string;
  readonly name: string;
  readonly state: string;
  readonly serverless: boolean;
  readonly kafkaVersion: string | undefined;
}

const arnPattern = /^arn:aws[a-z-]*:kafka:([a-z0-9-]+):\d{12}:cluster\/[^/\s]+\/[A-Za-z0-9-]+$/;

/** Makes the client for the region that is named, or that the ARN or the environment names. */
export async function openMskApi(cluster: string, region: string | undefined): Promise<MskApi> {
  const ofArn = regionOfArn(cluster);
  if (region !== undefined && ofArn !== undefined && region !== ofArn) {
    throw new UsageError(`--region '${region}' is not that of the ARN, ${ofArn}: leave it out`);
  }
  const sdk = await import('@aws-sdk/client-kafka');
  const chosen = region ?? ofArn;
  const client = new sdk.KafkaClient({
    ...(chosen === undefined ? {} : { region: chosen }),
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
  });
  return {
    sdk,
    client,
    call: async (what, run) => {
      try {
        return await run();
      } catch (error) {
        throw failure(error, what);
      }
    },
  };
}

function regionOfArn(cluster: string): string | undefined {
  if (!cluster.startsWith('arn:')) return undefined;
  const region = arnPattern.exec(cluster)?.[1];
  if (region !== undefined) return region;
  const accepted = 'arn:aws:kafka:<region>:<account>:cluster/<name>/<id>';
  throw new UsageError(`--cluster-arn takes ${accepted}, not '${printable(cluster)}'`);
}

/** Finds a cluster by its ARN or by its name. */
export async function findCluster(api: MskApi, cluster: string): Promise<MskCluster> {
  return cluster.startsWith('arn:') ? byArn(api, cluster) : byName(api, cluster);
}

async function byArn({ sdk, client, call }: MskApi, arn: string): Promise<MskCluster> {
  const command = new sdk.DescribeClusterV2Command({ ClusterArn: arn });
  const answer = await call({ operation: 'DescribeClusterV2', clusterArn: arn }, () => client.send(command));
  return clusterFrom(answer.ClusterInfo);
}

/** Names are unique in an account and a region. The service filters by how they begin. */
async function byName({ sdk, client, call }: MskApi, name: string): Promise<MskCluster> {
  return call({ operation: 'ListClustersV2' }, async () => {
    const similar: string[] = [];
    for await (const page of sdk.paginateListClustersV2({ client }, { ClusterNameFilter: name })) {
      for (const info of page.ClusterInfoList ?? []) {
        if (info.ClusterName === name) return clusterFrom(info);
        similar.push(printable(info.ClusterName ?? ''));
      }
    }
    const region = await client.config.region();
    const others = similar.length > 0 ? `; there are ${some(similar)}` : '';
    throw new CommandError(
      `there is no MSK cluster '${printable(name)}' in ${region}${others}: check the name, --region and the account.`,
    );
  });
}

function clusterFrom(info: Cluster | undefined): MskCluster {
  const { ClusterArn: arn, ClusterName: name, State: state } = info ?? {};
  if (arn === undefined || name === undefined || state === undefined) {
    throw new CommandError('MSK describes the cluster without its ARN, name or state: look at it in the console.');
  }
  return {
    arn,
    name,
    state,
    serverless: info?.ClusterType === 'SERVERLESS',
    kafkaVersion: info?.Provisioned?.CurrentBrokerSoftwareInfo?.KafkaVersion,
  };
}

/** Why the service's topic calls do not serve a cluster; undefined when they do. */
export function lacksTopicCalls({ serverless, state, kafkaVersion }: MskCluster): string | undefined {
  if (serverless) return 'the cluster is serverless';
  const [major = 0, minor = 0] = (kafkaVersion ?? '').split('.').map(Number);
  if (kafkaVersion !== undefined && (major < 3 || (major === 3 && minor < 6))) {
    return `it runs Kafka ${printable(kafkaVersion)}, older than 3.6`;
  }
  return state === 'ACTIVE' ? undefined : `the cluster is ${printable(state)}, not ACTIVE`;
}
