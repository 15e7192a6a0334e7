import type { Buffer } from 'node:buffer';
import type { RecordFunction } from '../runtime/contract.ts';
import { decodeChain } from './decode.ts';
import { encodeChain } from './encode.ts';
import { enrichChain } from './enrich.ts';
import { enrichBytes } from './fast/enrich-bytes.ts';
import { type Rates, readRates } from './rates.ts';

/** Decode, enrich, encode, for any bytes: what the fast path gives must be what this gives. */
export function enrichPlainly(value: Buffer | null, rates: Rates): Buffer {
  return encodeChain(enrichChain(decodeChain(value), rates));
}

/**
 * Turns a snapshot of an option chain (`market.raw`) into the same chain with implied volatilities, Greeks and chain
 * analytics (`market.enriched`), one for one and in order of key. It keeps no state and waits for nothing: the same input
 * gives the same bytes, and its `handle` returns no promise.
 *
 * `setup` reads `RISK_FREE_RATE` and `DIVIDEND_YIELD`. `handle` throws BadInputError for a value that is not UTF-8 JSON
 * (`DECODE_FAILED`) or not what the contract says (`CONTRACT_VIOLATED`), and nothing else.
 */
export const processor: RecordFunction<Rates> = {
  name: 'processor',
  source: 'market.raw',
  group: 'processor-group',
  output: 'market.enriched',
  deadLetters: 'market.raw.dlq',
  order: 'key',
  retry: { attempts: 5, initialDelayMs: 100, maxDelayMs: 5000 },
  setup: readRates,
  handle: ({ value }, { resources }) => ({ value: enrichBytes(value, resources) ?? enrichPlainly(value, resources) }),
};
