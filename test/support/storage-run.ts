import { expect, inject, onTestFinished } from 'vitest';
import { buildBundle } from '../../scripts/support/bundle.ts';
import { startTestDatabase, type TestDatabase } from './database.ts';
import type { Instance } from './instance.ts';
import { readTopics } from './ledger/reader.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import { createSnapshots, type EnrichedJson } from './snapshots.ts';
import { differences, readStored } from './stored.ts';

/** Storage on real brokers and a real database, under load. */
export interface StorageRun {
  readonly servers: TestDatabase;
  readonly pipeline: Pipeline;
  /** Two, sharing 12 partitions. */
  readonly instances: readonly [Instance, Instance];
  /** How many snapshots are stored now. */
  stored(): Promise<number>;
  /** How many good ones have been written to the topic, some of them perhaps on their way. */
  readonly written: number;
  /**
   * Ends the load, waits until all is committed, stops the instances that are named, and judges: each snapshot is stored once,
   * with every bit that was written, and each bad record is a dead letter.
   */
  settle(instances: readonly Instance[], timeoutMs?: number): Promise<void>;
}

export async function startStorageRun(rate: number): Promise<StorageRun> {
  const servers = await startTestDatabase();
  onTestFinished(() => servers.stop());
  const { path: bundle } = await buildBundle({ entry: 'functions/database-main.ts', outfile: 'dist/database.mjs' });
  const pipeline = await createPipeline({
    ...{ bundle, functionName: 'storage' },
    env: { ...servers.local.environment(), KAFKA_SESSION_TIMEOUT_MS: '6000' },
  });
  const next = createSnapshots({ contracts: 20 });
  const written: EnrichedJson[] = [];
  const instances = (await pipeline.startAll(2)) as [Instance, Instance];
  const writer = await pipeline.write({
    ...{ rate, keys: 48, poison: { share: 0.02 } },
    value(keyIndex) {
      // The key is the symbol's, as in the pipeline.
      const text = String(next().value).replace(/^\{"symbol_id":\d+/, `{"symbol_id":${keyIndex}`);
      written.push(JSON.parse(text) as EnrichedJson);
      return Buffer.from(text);
    },
  });
  const database = await servers.open();

  async function judge(): Promise<void> {
    expect(differences(await readStored(database), written)).toEqual([]);
    const { source, deadLetters } = pipeline.topics;
    const logs = await readTopics(inject('bootstrapServers'), { source, deadLetters });
    const letters = logs.deadLetters.partitions.flat().map(({ headers }) => {
      return `${headers['error.code']} ${headers['error.partition']}/${headers['error.offset']}`;
    });
    const bad = logs.source.partitions.flat().length - written.length;
    expect(bad).toBeGreaterThan(0);
    expect(new Set(letters).size).toBe(bad);
    expect(letters.filter((letter) => !/^(DECODE_FAILED|CONTRACT_VIOLATED) /.test(letter))).toEqual([]);
  }

  return {
    ...{ servers, pipeline, instances },
    get written() {
      return written.length;
    },
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
      expect(exits).toEqual(running.map(() => ({ code: 0, signal: null })));
      await judge();
    },
  };
}
