import type { Buffer } from 'node:buffer';
import { parseJson } from '../market/json.ts';
import type { Chain } from './chain.ts';
import { validateChain } from './validate.ts';

/**
 * Decodes the value of a `market.raw` record into a chain that holds to the contract.
 *
 * @throws BadInputError `DECODE_FAILED` when it is not UTF-8 JSON, `CONTRACT_VIOLATED` when a field is wrong.
 */
export function decodeChain(value: Buffer | null): Chain {
  return validateChain(parseJson(value));
}
