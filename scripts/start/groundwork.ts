import { type BundleOptions, buildBundle, bundles } from '../support/bundle.ts';
import type { BringUp } from './bring-up.ts';
import { type Brokers, findBrokers } from './brokers.ts';
import { type DatabaseOptions, type Databases, findDatabases } from './databases.ts';
import type { StartOptions } from './options.ts';

/** What everything stands on. */
export interface Ground {
  readonly brokers: Brokers;
  /** The path of the processor's bundle. */
  readonly bundle: string;
  /** The database, and the path of the bundle of those that use it; undefined without one. */
  readonly database: Promise<{ readonly databases: Databases; readonly bundle: string } | undefined>;
}

/**
 * Starts brokers, bundles and databases beside each other. Local databases are not waited for: nothing that is fed has to,
 * and a first start of theirs takes longer than one of the brokers. Those of somebody else are: their settings may be wrong.
 */
export async function groundwork(
  { bootstrapServers, database: wanted }: StartOptions,
  { signal, onProgress, undo }: BringUp,
): Promise<Ground> {
  const [first, second] = bundles;
  const servers = wanted ? ', databases' : '';
  onProgress(
    bootstrapServers ? `Cluster at ${bootstrapServers.join(',')}${servers} ...` : `Local cluster${servers}, bundle ...`,
  );
  const database = wanted ? layDatabase(second, { env: process.env, signal, onProgress }) : Promise.resolve(undefined);
  database.catch(() => undefined); // whoever awaits it hears of it
  undo(async () => {
    const [laid] = await Promise.allSettled([database]);
    if (laid.status === 'fulfilled') await laid.value?.databases.leave();
  });
  const [brokers, bundle, named] = await Promise.allSettled([
    findBrokers({ bootstrapServers, signal, onProgress }),
    buildBundle(first),
    process.env.DATABASE_URL ? database : undefined,
  ]);
  if (brokers.status === 'fulfilled') undo(() => brokers.value.leave());
  if (brokers.status === 'rejected') throw brokers.reason;
  if (bundle.status === 'rejected') throw bundle.reason;
  if (named.status === 'rejected') throw named.reason;
  signal.throwIfAborted();
  onProgress(`Brokers at ${brokers.value.bootstrapServers.join(',')}`);
  return { brokers: brokers.value, bundle: bundle.value.path, database };
}

async function layDatabase(
  bundle: BundleOptions,
  options: DatabaseOptions,
): Promise<{ databases: Databases; bundle: string }> {
  const [databases, built] = await Promise.allSettled([findDatabases(options), buildBundle(bundle)]);
  if (databases.status === 'rejected') throw databases.reason;
  if (built.status === 'fulfilled') return { databases: databases.value, bundle: built.value.path };
  await databases.value.leave();
  throw built.reason;
}
