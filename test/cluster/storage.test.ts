import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, onTestFinished, test } from 'vitest';
import { buildBundle } from '../../scripts/support/bundle.ts';
import { startTestDatabase } from '../support/database.ts';
import { readTopics } from '../support/ledger/reader.ts';
import { createPipeline, sharesOf } from '../support/pipeline.ts';
import { createSnapshots, type EnrichedJson } from '../support/snapshots.ts';
import { differences, readStored } from '../support/stored.ts';

test('kill -9 of one of two under load: each snapshot is stored once, with every bit, and bad ones are dead letters', async () => {
  const servers = await startTestDatabase();
  onTestFinished(() => servers.stop());
  const { path: bundle } = await buildBundle({ entry: 'functions/database-main.ts', outfile: 'dist/database.mjs' });
  const pipeline = await createPipeline({
    ...{ bundle, functionName: 'storage' },
    env: { ...servers.local.environment(), KAFKA_SESSION_TIMEOUT_MS: '6000' },
  });
  const next = createSnapshots({ contracts: 20 });
  const written: EnrichedJson[] = [];
  const [victim, other] = await pipeline.startAll(2);
  const writer = await pipeline.write({
    ...{ rate: 300, keys: 48, poison: { share: 0.02 } },
    value(keyIndex) {
      const { value } = next();
      // The key is the symbol's, as in the pipeline.
      const text = String(value).replace(/^\{"symbol_id":\d+/, `{"symbol_id":${keyIndex}`);
      written.push(JSON.parse(text) as EnrichedJson);
      return Buffer.from(text);
    },
  });
  await sleep(2_000);
  await victim?.kill();
  if (other) await sharesOf([other], 12);
  await writer.stop();
  await pipeline.committed();

  expect(await other?.stop()).toEqual({ code: 0, signal: null });
  const database = await servers.open();
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
});
