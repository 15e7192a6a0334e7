import { expect, test } from 'vitest';
import { runFuzz } from '../../scripts/fuzz/run.ts';

const forMs = 300_000;

// With no import of the processor in this file: blocks are counted in code that is loaded after the start.
test('the two paths agree on millions of made-up messages', { timeout: 2 * forMs }, async ({ annotate }) => {
  const seed = Date.now() % 1e9;
  const { cases, fast, blocks, disagreement } = await runFuzz({ forMs, seed });
  await annotate(`seed ${seed}: ${cases} messages, ${fast} on the fast path, ${blocks} blocks`);
  expect(disagreement).toBeNull();
  expect(cases).toBeGreaterThan(1_000_000);
  expect(blocks).toBeGreaterThan(500);
  expect(fast / cases).toBeGreaterThan(0.1);
});
