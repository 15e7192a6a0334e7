import { expect, test } from 'vitest';
import { decodeChain } from '../../functions/processor/decode.ts';
import { encodeChain } from '../../functions/processor/encode.ts';
import { enrichChain } from '../../functions/processor/enrich.ts';
import { readRates } from '../../functions/processor/rates.ts';
import { assertClean } from '../support/ledger/format.ts';
import { fingerprint, type LoggedRecord } from '../support/ledger/log.ts';
import { marketChain, marketPoison, type Specimen } from '../support/ledger/specimens.ts';
import { createPipeline } from '../support/pipeline.ts';

const outputMaxBytes = 8_192;

/** Bad input of every kind, and good input whose output is above the topic's limit. */
function poison(keyIndex: number, sequence: number, nowMs: number, turn: number): Specimen {
  return turn % 4 === 3
    ? { value: longChain(keyIndex, sequence, nowMs), fate: 'OUTPUT_TOO_LARGE' }
    : marketPoison(keyIndex, sequence, nowMs, turn - Math.floor(turn / 4));
}

function longChain(keyIndex: number, sequence: number, nowMs: number): Buffer {
  const chain = JSON.parse(String(marketChain(keyIndex, sequence, nowMs)));
  const [option] = chain.options;
  chain.options = Array.from({ length: 40 }, (_, index) => ({ ...option, strike: option.strike + index * 50 }));
  return Buffer.from(JSON.stringify(chain));
}

/** What the handler, called without Kafka, makes of the record. */
function outputHashOf(record: LoggedRecord): string | null {
  return fingerprint(Buffer.from(encodeChain(enrichChain(decodeChain(record.value ?? null), readRates({})))));
}

test('four instances share 60 partitions; each record has its one output or dead letter, byte for byte', async () => {
  const pipeline = await createPipeline({ partitions: 60, deadLetterPartitions: 12, outputMaxBytes });
  const { groupId } = pipeline;

  const instances = await pipeline.startAll(4);
  const writer = await pipeline.write({
    rate: 400,
    keys: 240,
    count: 2_000,
    nullKeyShare: 0.05,
    poison: { share: 0.1, make: poison },
  });
  await writer.done;
  await pipeline.committed();
  const shares = instances.map(({ assigned }) => assigned ?? []);
  const exits = await Promise.all(instances.map((instance) => instance.stop()));

  const verdict = await pipeline.verdict({ outputHashOf });
  assertClean(verdict, { allowDuplicates: 0, allowUncommitted: 0 });
  expect(verdict.counts.deadLetters).toBeGreaterThan(100);
  expect(exits).toEqual(instances.map(() => ({ code: 0, signal: null })));
  for (const [index, { lines, stderr }] of instances.entries()) {
    const share = shares[index] ?? [];
    const messages = lines.map(({ msg }) => msg);
    expect(messages).toContain(`Processor instance ${index + 1}/4 starting`);
    expect(messages).toContainEqual(
      expect.stringMatching(/^Bootstrap servers: 127\.0\.0\.1:\d+(,127\.0\.0\.1:\d+){2}$/),
    );
    expect(messages).toContain(`Kafka consumer started with group '${groupId}'`);
    expect(messages).toContain(`Assigned partitions: [${share.join(', ')}] (15)`);
    expect(messages.slice(-2)).toEqual([
      'Drained: all that was in flight is done and committed',
      'Left the group, all closed',
    ]);
    expect(lines.filter(({ level }) => level >= 50)).toEqual([]);
    expect(stderr).toBe('');
  }
  const codes = instances.flatMap(({ lines }) => lines.map(({ code }) => code)).filter((code) => code !== undefined);
  expect(new Set(codes)).toEqual(new Set(['DECODE_FAILED', 'CONTRACT_VIOLATED', 'OUTPUT_TOO_LARGE']));
  expect(codes).toHaveLength(verdict.counts.deadLetters);
});
