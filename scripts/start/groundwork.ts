import { buildBundle, bundles } from '../support/bundle.ts';
import type { BringUp } from './bring-up.ts';
import { type Brokers, findBrokers } from './brokers.ts';
import { type Databases, findDatabases } from './databases.ts';
import type { StartOptions } from './options.ts';

/** The paths of the two bundles. */
export interface Bundles {
  readonly functions: string;
  readonly database: string;
}

/** What everything stands on: brokers, bundles and databases, started beside each other. */
export async function groundwork(
  { bootstrapServers, database }: StartOptions,
  { signal, onProgress, undo }: BringUp,
): Promise<[Brokers, Bundles, Databases | undefined]> {
  const [first, second] = bundles;
  const servers = database ? ', databases' : '';
  onProgress(
    bootstrapServers ? `Cluster at ${bootstrapServers.join(',')}${servers} ...` : `Local cluster${servers}, bundle ...`,
  );
  const [brokers, functions, withDatabase, databases] = await Promise.allSettled([
    findBrokers({ bootstrapServers, signal, onProgress }),
    buildBundle(first),
    database ? buildBundle(second) : undefined,
    database ? findDatabases({ env: process.env, signal, onProgress }) : undefined,
  ]);
  if (brokers.status === 'fulfilled') undo(() => brokers.value.leave());
  if (databases.status === 'fulfilled') undo(async () => await databases.value?.leave());
  for (const part of [brokers, functions, withDatabase, databases]) if (part.status === 'rejected') throw part.reason;
  if (brokers.status === 'rejected' || functions.status === 'rejected') throw new Error('unreachable');
  signal.throwIfAborted();
  onProgress(`Brokers at ${brokers.value.bootstrapServers.join(',')}`);
  const paths = { functions: functions.value.path, database: settledValue(withDatabase)?.path ?? '' };
  return [brokers.value, paths, settledValue(databases)];
}

function settledValue<T>(settled: PromiseSettledResult<T>): T | undefined {
  return settled.status === 'fulfilled' ? settled.value : undefined;
}
