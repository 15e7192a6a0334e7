import { inject, onTestFinished } from 'vitest';
import { type EventSource, startEventSource } from '../../scripts/event-source/source.ts';
import { buildBundle } from '../../scripts/support/bundle.ts';
import { claimProblems, intrusions, readClaims, readWriters, watchClaims } from './claims.ts';
import { asAdministrator, startTestDatabase, type TestDatabase } from './database.ts';
import type { Instance, LogLine } from './instance.ts';
import { readTopics } from './ledger/reader.ts';
import type { Writer } from './ledger/writer.ts';
import { buildTestBundle, type Fault } from './mutants.ts';
import { createPipeline, type Pipeline, settingsOf, sharesOf } from './pipeline.ts';
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
  /** Starts a mapping of the same bundle to the topic, in the same group. */
  startMapping(): Promise<EventSource>;
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
const writers = ['one', 'two', 'three', 'four'] as const;

/** Starts it all: what ships, or a bundle with a bug. */
export async function startStorageRun(rate: number, fault?: Fault): Promise<StorageRun> {
  const servers = await startTestDatabase();
  onTestFinished(() => servers.stop());
  // Who judges is patient: the machine is busy.
  const database = await servers.open({ DATABASE_CONNECT_TIMEOUT_MS: '30000' });
  await watchClaims(database);
  for (const name of writers)
    await asAdministrator(servers.local, 1, `create role ${name} login password 'own' in role hft`);
  const bundle = await bundleWith(fault);
  const pipeline = await createPipeline({
    ...{ bundle, functionName: 'storage', partitions },
    env: { KAFKA_SESSION_TIMEOUT_MS: '6000' },
  });
  /** What each writer says of its assignments. */
  const logs = new Map<string, readonly LogLine[]>();
  const nextUser = () => {
    const name = writers[logs.size] ?? '';
    return { name, env: asUser(servers.local.environment(), name) };
  };
  const start = (): Instance => {
    const { name, env } = nextUser();
    const instance = pipeline.start(env);
    logs.set(name, instance.lines);
    return instance;
  };
  const startMapping = async (): Promise<EventSource> => {
    const { name, env } = nextUser();
    const lines: LogLine[] = [];
    logs.set(name, lines);
    const bootstrapServers = inject('bootstrapServers');
    const { OUTPUT_TOPIC: _, ...settings } = settingsOf(pipeline.topics, bootstrapServers);
    const source = await startEventSource({
      ...{ bootstrapServers, topic: pipeline.topics.source, groupId: pipeline.groupId, windowMs: 100 },
      function: { ...{ bundle, exportName: 'storage', timeoutMs: 20_000 }, env: { ...settings, ...env } },
      // A function does not know what its mapping has.
      onAssigned: (mine) => {
        const msg = 'Assigned partitions: of the mapping';
        lines.push({ level: 30, msg, time: new Date().toISOString(), partitions: mine });
      },
    });
    onTestFinished(() => void source.stop());
    return source;
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
    ...{ servers, pipeline, instances, start, startMapping },
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
        ...(await deadLetterProblems(pipeline, writer)),
        ...claimProblems(claims, await readWriters(database)),
        ...intrusions(claims, logs),
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

/** Each bad record of the topic must be a dead letter, for what it is, and no good one. A writer may have repeated some. */
async function deadLetterProblems({ topics: { source, deadLetters } }: Pipeline, writer: Writer): Promise<string[]> {
  const logs = await readTopics(inject('bootstrapServers'), { source, deadLetters });
  const letters = new Set(
    logs.deadLetters.partitions.flat().map(({ headers }) => {
      return `${headers['error.code']} ${headers['error.partition']}/${headers['error.offset']}`;
    }),
  );
  const due = new Set(
    logs.source.partitions.flatMap((records, partition) =>
      records.flatMap((record) => {
        const fate = writer.fateOf(record);
        return fate === 'output' ? [] : [`${fate} ${partition}/${record.offset}`];
      }),
    ),
  );
  const missing = [...due].filter((name) => !letters.has(name)).map((name) => `no dead letter: ${name}`);
  const wrong = [...letters].filter((name) => !due.has(name)).map((name) => `a dead letter that is none: ${name}`);
  return [...(due.size > 0 ? [] : ['no bad record was written']), ...missing, ...wrong].slice(0, 10);
}
