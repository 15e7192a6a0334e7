import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { parkedOf } from '../../infra/topics.ts';
import { ensureTopics } from '../../scripts/topics/ensure.ts';
import { deadLetters } from '../support/dead-letters-command.ts';
import { buildFixtures } from '../support/fixture-bundle.ts';
import { readTopics } from '../support/ledger/reader.ts';
import { createRunTopic, deleteRunTopics, untilKnown } from '../support/ledger/topics.ts';
import { createPipeline, shippedBundle, writeRecords } from '../support/pipeline.ts';

const bootstrapServers = inject('bootstrapServers');

test('what waits in a key is told, its head can be discarded, and notes of a topic that was made again are cleared', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'hft-unpark-'));
  const bundle = await buildFixtures(await shippedBundle());
  onTestFinished(() => {
    bundle.remove();
    rmSync(dir, { recursive: true, force: true });
  });
  const pipeline = await createPipeline({ functionName: 'parking', bundle: bundle.path, partitions: 1 });
  const { source, output, deadLetters: dlq } = pipeline.topics;
  await ensureTopics(bootstrapServers, [parkedOf(dlq, 1)]);
  /** Those with a bang die until their cause is mended. */
  const write = (...ids: string[]): Promise<void> =>
    writeRecords(
      source,
      ids.map((id) => {
        const bad = id.endsWith('!') ? { file: join(dir, `mended-${id}`) } : {};
        return { partition: 0, key: id.charAt(0), value: JSON.stringify({ id, ...bad }) };
      }),
    );
  const outputs = async (): Promise<string[]> =>
    (await readTopics(bootstrapServers, { output }, { keepValues: true })).output.partitions
      .flat()
      .map(({ value }) => String(value));
  const run = async (code: number, ...args: string[]): Promise<string> => {
    const ran = await deadLetters(pipeline, ...args);
    expect(ran.code, ran.stdout + ran.stderr).toBe(code);
    return ran.stdout + ran.stderr;
  };

  const first = pipeline.start();
  await first.line('Assigned partitions: ');
  await write('x0', 'x1!', 'x2', 'x3', 'y4');
  await pipeline.committed();
  const shown = await run(0, 'show', '0/1');
  expect(shown).toContain(`parked    behind ${source}/0/1, which died of CONTRACT_VIOLATED: dead letter 0/0\n`);
  expect(shown).toContain(`redrive 0/1 --apply --topic ${dlq} brings back all 3 of its key, in order`);
  expect(await run(0, 'show', '0/0')).toContain('parked    its key waits behind it: 0/1, 0/2\n');

  // Without its head a key stays parked, and the rest comes back in order.
  const discarded = await run(0, 'discard', '0/0', '--apply');
  expect(discarded).toContain('1 key stays parked, and 2 records of it wait.');
  expect(await run(0, 'list')).toMatch(/ 0\/0, discarded +2\n/);
  await write('x5');
  await pipeline.committed();
  expect(await outputs()).toEqual(['x0', 'y4']);
  await run(0, 'redrive', '0/1', '--apply');
  await write('x6');
  await pipeline.committed();
  expect(await outputs()).toEqual(['x0', 'y4', 'x2', 'x3', 'x5', 'x6']);

  // With all that waits discarded it goes on.
  await write('x7!', 'x8');
  await pipeline.committed();
  expect(await run(0, 'unpark')).toMatch(/left as they are: 1 key \(x: 2 wait\).*Nothing was changed/s);
  const all = await run(0, 'discard', '--key', 'x', '--apply');
  expect(all).toMatch(/Nothing waits of 1 parked key then.*Asked for the release of 1 key/s);
  // An owner looks for what was asked once a second at most.
  await delay(1_100);
  await write('x9');
  await pipeline.committed();
  expect((await outputs()).at(-1)).toBe('x9');

  await write('x10!', 'x11', 'z12!');
  await pipeline.committed();
  expect(await run(1, 'unpark', '--key', 'z', '--forget', '--apply')).toContain('stop its instances');
  expect(await first.stop()).toMatchObject({ code: 0 });
  await deleteRunTopics(bootstrapServers, [source]);
  await vi.waitFor(() => createRunTopic(bootstrapServers, source, 1), { timeout: 20_000, interval: 500 });
  await untilKnown(bootstrapServers, [source]);
  await write('w0');
  expect(await run(0, 'list')).toContain('2 keys have notes of a topic that is gone, or was deleted and made again');
  expect(await run(0, 'redrive')).toContain('its key is parked by a note of a topic that was deleted and made again');
  for (const id of ['x10!', 'z12!']) writeFileSync(join(dir, `mended-${id}`), '');
  expect(await run(0, 'unpark', '--key', 'z', '--apply')).toContain('forgotten: 1 key, with');
  const second = pipeline.start();
  await run(0, 'redrive', '--key', 'z', '--apply');
  expect(await outputs()).toEqual(expect.arrayContaining(['w0', 'z12!']));
  expect(await second.stop()).toMatchObject({ code: 0 });

  // The new topic has grown beyond the old one: another key lies where this one died.
  await write(...Array.from({ length: 30 }, (_, index) => `w${index}`));
  expect(await run(0, 'show', '0/7')).toContain('parked    by a note of a topic');
  expect(await run(0, 'list')).toContain('1 key has a note of a topic that is gone, or was deleted and made again');
  expect(await run(0, 'unpark', '--apply')).toMatch(/forgotten: 1 key, with \d notes?\n.*2 dead letters of them wait/s);
  expect(await run(0, 'list')).not.toMatch(/parked|has a note/);
  const third = pipeline.start();
  await pipeline.committed();
  await run(0, 'redrive', '--apply');
  await write('x1');
  await pipeline.committed();
  expect((await outputs()).slice(-3)).toEqual(['x10!', 'x11', 'x1']);
  expect(await third.stop()).toEqual({ code: 0, signal: null });
});
