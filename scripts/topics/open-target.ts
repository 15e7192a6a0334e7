import { join } from 'node:path';
import { openCluster } from '../../infra/cluster/cluster.ts';
import { localDir } from '../../infra/cluster/jars.ts';
import { requiredTarget } from '../doctor/target.ts';
import { CommandError } from '../support/command.ts';
import { printable } from '../support/words.ts';
import { openKafkaTarget } from './kafka/kafka-target.ts';
import type { OpenTarget, TargetKind } from './target.ts';

async function openLocal({ declared }: Parameters<OpenTarget>[0]): ReturnType<OpenTarget> {
  const cluster = openCluster(join(localDir(), 'cluster'));
  if (!cluster) {
    throw new CommandError(
      "no local cluster was ever started: start it with 'npm run cluster -- start', or name brokers with --bootstrap.",
    );
  }
  const { bootstrapServers } = cluster;
  const description = `the local cluster (${bootstrapServers.join(', ')})`;
  return await openKafkaTarget(description, { bootstrapServers, security: {} }, declared);
}

async function openKafka({
  bootstrapServers: flag,
  environment,
  declared,
}: Parameters<OpenTarget>[0]): ReturnType<OpenTarget> {
  const flags = flag === undefined ? {} : { KAFKA_BOOTSTRAP_SERVERS: flag };
  const { bootstrapServers, security } = requiredTarget({ flags, environment, envFile: {}, local: {} }, '--bootstrap');
  const description = printable(`the cluster at ${bootstrapServers.join(', ')}`);
  return await openKafkaTarget(description, { bootstrapServers, security }, declared);
}

/** What it takes of AWS is loaded with it, and not for the others. */
async function openMsk(options: Parameters<OpenTarget>[0]): ReturnType<OpenTarget> {
  const { openMskTarget } = await import('./msk/msk-target.ts');
  return await openMskTarget(options);
}

const openers: Readonly<Record<TargetKind, OpenTarget>> = { local: openLocal, kafka: openKafka, msk: openMsk };

/** The kinds that can be opened. */
export const targetKinds = Object.keys(openers) as readonly TargetKind[]; // the keys are those of the type

/** Opens the target that the options name. */
export const openTarget: OpenTarget = (options) => openers[options.kind](options);
