import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { enrich } from './run.ts';

interface Exposures {
  net: number;
  call: number;
  put: number;
}

interface Message {
  readonly analyses: { readonly gex: Exposures };
}

interface Case {
  readonly name: string;
  readonly riskFree: number;
  readonly dividendYield: number;
  readonly input: string;
  readonly output: Message;
}

const fixture = new URL('../../fixtures/processor/chains.ndjson', import.meta.url);
const cases = readFileSync(fixture, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line): Case => JSON.parse(line));

/**
 * Exposures of an index reach 10^13 and are written to the hundredth: 15 digits, more than doubles keep through a solved
 * volatility. The three sums, and nothing else, may differ by this share of the gross exposure.
 */
const exposureTolerance = 1e-14;

function acceptExposures(text: string, expected: Exposures): string {
  const message: Message = JSON.parse(text);
  const { gex } = message.analyses;
  const allowed = exposureTolerance * (expected.call - expected.put);
  for (const name of ['net', 'call', 'put'] as const) {
    if (Math.abs(gex[name] - expected[name]) <= allowed) gex[name] = expected[name];
  }
  return JSON.stringify(message);
}

// Bytes, not values: the order of the fields and the spelling of numbers are part of the promise.
describe('whole messages are those of an independent implementation at 50 digits', () => {
  test.each(cases)('$name', ({ input, output, riskFree, dividendYield }) => {
    const text = enrich(input, { riskFree, dividendYield });
    expect(JSON.stringify(JSON.parse(text))).toBe(text);
    expect(acceptExposures(text, output.analyses.gex)).toBe(JSON.stringify(output));
  });
});
