import { expect, test } from 'vitest';
import { runFuzz } from '../../../../scripts/fuzz/run.ts';

// First, and with no import of the processor in this file: blocks are counted in code that is loaded after the start.
test('the two paths agree on made-up messages', async () => {
  const report = await runFuzz({ forMs: 5_000, seed: 1 });
  expect(report.disagreement).toBeNull();
  expect(report.cases).toBeGreaterThan(1_000);
  expect(report.fast / report.cases).toBeGreaterThan(0.1);
  expect(report.blocks).toBeGreaterThan(300);
});

test.each<[string, (text: string) => string | null]>([
  ['other bytes', (text) => (/"oi":0[,}]/.test(text) ? 'other' : text)],
  ['an answer to what the other refuses', (text) => (text.includes('"oi":-') ? text : null)],
  ['an error of its own', (text) => (text.includes(', "') ? fail() : text)],
])('it finds %s', async (_, path) => {
  const { disagreement } = await runFuzz({
    forMs: 30_000,
    seed: 1,
    loadPaths: async () => ({
      fast: (value) => {
        const text = path(value.toString('latin1'));
        return text === null ? null : Buffer.from(text, 'latin1');
      },
      plain: (value) => (value.includes('"oi":-') ? fail() : value),
    }),
  });
  expect(disagreement).not.toBeNull();
});

function fail(): never {
  throw new Error('refused');
}
