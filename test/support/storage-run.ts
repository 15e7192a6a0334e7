import { inject, onTestFinished } from 'vitest';
import { buildBundle } from '../../scripts/support/bundle.ts';
import { claimProblems, intrusions, readClaims, readWriters, watchClaims } from './claims.ts';
import { asAdministrator, startTestDatabase, type TestDatabase } from './database.ts';
import type { Instance } from './instance.ts';
import { readTopics } from './ledger/reader.ts';
import { buildTestBundle, type Fault } from './mutants.ts';
import { createPipeline, type Pipeline, sharesOf } from './pipeline.ts';
import { createSnapshots, type EnrichedJson } from './snapshots.ts';
import { differences, readStored } from './stored.ts';

/** Storage on real brokers and a real database, under load. */
export interface StorageRun {
  readonly servers: TestDatabase;
  readonly pipeline: Pipeline;
  /** Two, sharing 12 partitions. */
  readonly instances: readonly [Instance, Instance];
  /** Starts one more, and waits for nothing. */
  start(): Instance;
  /** How many snapshots are stored now. */
  stored(): Promise<number>;
  /**
   * Ends the load, waits until all is committed, stops the instances that are named, and judges: each snapshot is stored once,
   * with every bit that was written, and each bad record is a dead letter; rows and positions were written as one, and by
   * whom the partition was at that time. What is wrong, a line each.
   */
  settle(instances: readonly Instance[], timeoutMs?: number): Promise<readonly string[]>;
}

const partitions = 12;
/** Each instance comes to the database as a user of its own, so that it is told who wrote what. */
const writers = ['one', 'two', 'three'] as const;

/** Starts it all: what ships, or a bundle with a bug. */
export async function startStorageRun(rate: number, fault?: Fault): Promise<StorageRun> {
  const servers = await startTestDatabase();
  onTestFinished(() => servers.stop());
  const database = await servers.open();
  await watchClaims(database);
  for (const name of writers)
    await asAdministrator(servers.local, 1, `create role ${name} login password 'own' in role hft`);
  const pipeline = await createPipeline({
    ...{ bundle: await bundleWith(fault), functionName: 'storage', partitions },
    env: { KAFKA_SESSION_TIMEOUT_MS: '6000' },
  });
  const started: Instance[] = [];
  const start = (): Instance => {
    const instance = pipeline.start(asUser(servers.local.environment(), writers[started.length] ?? ''));
    started.push(instance);
    return instance;
  };
  const instances = [start(), start()] as const;
  await sharesOf(instances, partitions);
  const next = createSnapshots({ contracts: 20 });
  const written: EnrichedJson[] = [];
  const writer = await pipeline.write({
    ...{ rate, keys: 48, poison: { share: 0.02 } },
    value(keyIndex) {
      // The key is the symbol's, as in the pipeline.
      const text = String(next().value).replace(/^\{"symbol_id":\d+/, `{"symbol_id":${keyIndex}`);
      written.push(JSON.parse(text) as EnrichedJson);
      return Buffer.from(text);
    },
  });

  return {
    ...{ servers, pipeline, instances, start },
    async stored() {
      const text = 'select count(*) as count from snapshots';
      const { rows } = await database.read((session) => session.query<{ count: number }>({ text }), {
        signal: new AbortController().signal,
        maxLagMs: 0,
      });
      return rows[0]?.count ?? 0;
    },
    async settle(running, timeoutMs) {
      await writer.stop();
      await pipeline.committed(timeoutMs);
      const exits = await Promise.all(running.map((instance) => instance.stop()));
      const claims = await readClaims(database);
      return [
        ...exits.filter(({ code }) => code !== 0).map(({ code, signal }) => `an instance ended with ${code ?? signal}`),
        ...differences(await readStored(database), written),
        ...(await deadLetterProblems(pipeline, written.length)),
        ...claimProblems(claims, await readWriters(database)),
        ...intrusions(claims, new Map(started.map((instance, index) => [writers[index] ?? '', instance.lines]))),
      ];
    },
  };
}

async function bundleWith(fault: Fault | undefined): Promise<string> {
  const entry = 'functions/database-main.ts';
  if (fault === undefined) return (await buildBundle({ entry, outfile: 'dist/database.mjs' })).path;
  const { path, remove } = await buildTestBundle({ fault, entry });
  onTestFinished(remove);
  return path;
}

function asUser(environment: Readonly<Record<string, string>>, name: string): Record<string, string> {
  const own = (url: string): string => url.replace(/\/\/[^@/]+@/g, `//${name}:own@`);
  return Object.fromEntries(Object.entries(environment).map(([key, url]) => [key, own(url)]));
}

/** Of the bad records, each must be one, for what it is, and no good one. */
async function deadLetterProblems({ topics: { source, deadLetters } }: Pipeline, good: number): Promise<string[]> {
  const logs = await readTopics(inject('bootstrapServers'), { source, deadLetters });
  const letters = logs.deadLetters.partitions.flat().map(({ headers }) => {
    return `${headers['error.code']} ${headers['error.partition']}/${headers['error.offset']}`;
  });
  const bad = logs.source.partitions.flat().length - good;
  const wrong = letters.filter((letter) => !/^(DECODE_FAILED|CONTRACT_VIOLATED) /.test(letter));
  const count = new Set(letters).size;
  return [...wrong, ...(bad > 0 && count === bad ? [] : [`${count} dead letters of ${bad} bad records`])].slice(0, 10);
}
