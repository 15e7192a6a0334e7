import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { assertClean } from '../support/ledger/format.ts';
import { createPipeline, sharesOf } from '../support/pipeline.ts';

const rate = 400;
const commitIntervalMs = 200;
/** What is on its way when the kill comes, and what a busy machine adds to the interval. */
const slackMs = 1_000;

test('kill -9 of one of three under load: the others take over, and only uncommitted records are doubled', async ({
  annotate,
}) => {
  const pipeline = await createPipeline({
    env: { KAFKA_SESSION_TIMEOUT_MS: '6000', KAFKA_COMMIT_INTERVAL_MS: String(commitIntervalMs) },
  });
  const [victim, ...others] = await pipeline.startAll(3);
  const writer = await pipeline.write({ rate, keys: 120, poison: { share: 0.02 } });
  await sleep(2_000);

  expect(await victim?.kill()).toEqual({ code: null, signal: 'SIGKILL' });

  await sharesOf(others, 12);
  await sleep(500);
  await writer.stop();
  await pipeline.committed();
  const exits = await Promise.all(others.map((instance) => instance.stop()));
  const verdict = await pipeline.verdict();
  await annotate(`${verdict.duplicates.total} duplicates; silence ${Math.max(...verdict.longestSilenceMs)} ms`);

  expect(exits).toEqual(others.map(() => ({ code: 0, signal: null })));
  const allowDuplicates = (rate / 3) * ((commitIntervalMs + slackMs) / 1_000);
  assertClean(verdict, { allowDuplicates, allowUncommitted: 0 });
  for (const { lines } of others) expect(lines.map(({ msg }) => msg)).not.toContain('Commit refused');
});
