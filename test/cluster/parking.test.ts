import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { createEvent } from '../../functions/hosts/lambda/testing.ts';
import { createRecord } from '../../functions/runtime/testing.ts';
import { parkedOf } from '../../infra/topics.ts';
import { createEnvironment } from '../../scripts/event-source/environment.ts';
import { ensureTopics } from '../../scripts/topics/ensure.ts';
import { deadLetters } from '../support/dead-letters-command.ts';
import { buildFixtures } from '../support/fixture-bundle.ts';
import { headerOf } from '../support/ledger/log.ts';
import { readTopics } from '../support/ledger/reader.ts';
import { createPipeline, settingsOf, shippedBundle, writeRecords } from '../support/pipeline.ts';

const bootstrapServers = inject('bootstrapServers');

test('a key is parked through a kill -9, in both hosts, and comes back in order', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'hft-parking-'));
  const bundle = await buildFixtures(await shippedBundle());
  onTestFinished(() => {
    bundle.remove();
    rmSync(dir, { recursive: true, force: true });
  });
  const pipeline = await createPipeline({
    ...{ functionName: 'parking', bundle: bundle.path, partitions: 2 },
    env: { KAFKA_SESSION_TIMEOUT_MS: '6000' },
  });
  const { topics } = pipeline;
  await ensureTopics(bootstrapServers, [parkedOf(topics.deadLetters, 2)]);
  const file = join(dir, 'mended');
  const textOf = (id: string): string => JSON.stringify({ id, ...(id === 'a2' ? { file } : {}) });
  const write = (...ids: string[]): Promise<void> =>
    writeRecords(
      topics.source,
      ids.map((id) => ({ partition: 0, key: id.charAt(0), value: textOf(id) })),
    );
  async function results() {
    const wanted = { outputs: topics.output, dead: topics.deadLetters };
    const { outputs, dead } = await readTopics(bootstrapServers, wanted, { keepValues: true });
    const idsOf = (log: typeof outputs): string[] => log.partitions.flat().map(({ value }) => String(value));
    return {
      outputs: [...new Set(idsOf(outputs))],
      dead: [
        ...new Set(
          dead.partitions.flat().map((one) => `${JSON.parse(String(one.value)).id} ${headerOf(one, 'error.code')}`),
        ),
      ],
    };
  }

  const first = pipeline.start();
  await first.line('Assigned partitions: ');
  await write('a1', 'a2', 'b1', 'a3');
  // Before it has committed, as like as not.
  await first.line('Record goes to the dead-letter topic');
  await first.kill();
  await write('b2', 'a4');
  const second = pipeline.start();
  await pipeline.committed();
  const parked = ['a2 CONTRACT_VIOLATED', 'a3 KEY_PARKED', 'a4 KEY_PARKED'];
  expect(await results()).toEqual({ outputs: ['a1', 'b1', 'b2'], dead: parked });
  expect((await deadLetters(pipeline, 'list')).stdout).toMatch(/1 key is parked.* a +parking +\S+\/0\/1 /s);

  // Half of a key does not go back: two were chosen, and the one that died comes along. It dies again.
  const tried = await deadLetters(pipeline, 'redrive', '--code', 'KEY_PARKED', '--apply', '--json');
  expect(tried, tried.stdout + tried.stderr).toMatchObject({ code: 1 });
  expect(JSON.parse(tried.stdout).redriven).toHaveLength(3);
  expect((await results()).outputs).toEqual(['a1', 'b1', 'b2']);

  writeFileSync(file, '');
  expect(await deadLetters(pipeline, 'redrive', '--apply')).toMatchObject({ code: 0, stderr: '' });
  await write('a5');
  await pipeline.committed();
  expect((await results()).outputs).toEqual(['a1', 'b1', 'b2', 'a2', 'a3', 'a4', 'a5']);
  const listed = JSON.parse((await deadLetters(pipeline, 'list', '--json')).stdout);
  expect(listed).toMatchObject({ groups: [], parked: [] });
  expect(await second.stop()).toEqual({ code: 0, signal: null });

  // A function reads at each invocation what those before have left.
  rmSync(file);
  const environments = [0, 1].map(() =>
    createEnvironment({
      ...{ bundle: bundle.path, exportName: 'parking', env: settingsOf(topics, bootstrapServers) },
      ...{ timeoutMs: 30_000, initTimeoutMs: 60_000, onLog: () => undefined },
    }),
  );
  onTestFinished(async () => void (await Promise.all(environments.map(async (one) => (await one).close()))));
  const invoke = async (index: number, offset: number, ...ids: string[]) =>
    await (await environments[index])?.invoke(
      createEvent(
        ids.map((id, at) =>
          createRecord({ topic: topics.source, partition: 1, offset: offset + at, key: 'c', value: textOf(id) }),
        ),
      ),
    );
  const done = { kind: 'response', payload: '{"batchItemFailures":[]}' };
  expect(await invoke(0, 100, 'c1', 'a2', 'c3')).toMatchObject(done);
  expect(await invoke(1, 103, 'c4')).toMatchObject(done);
  await vi.waitFor(async () => {
    const { outputs, dead } = await results();
    expect(outputs.at(-1)).toBe('c1');
    expect(dead.slice(-2)).toEqual(['c3 KEY_PARKED', 'c4 KEY_PARKED']);
  });
});
