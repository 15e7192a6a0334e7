import type { Buffer } from 'node:buffer';
import { dayMs, yearMs } from '../../market/calendar.ts';
import { makeMarket } from '../black-scholes.ts';
import { compareFuture } from '../futures-basis.ts';
import type { Rates } from '../rates.ts';
import { cell, cells } from './columns.ts';
import { findExposures } from './exposures.ts';
import { load } from './input.ts';
import { findAtTheMoney, findSkew } from './nearest.ts';
import { findMaxPain, sumTotals } from './open-interest.ts';
import { putMessage } from './put-message.ts';
import { readMessage } from './read-message.ts';
import { valueOptions } from './value-options.ts';

/**
 * From the bytes of a `market.raw` message to those of `market.enriched`, without a string or an object per option on the
 * way. `null` for a message that is wrong, or out of the ordinary: then decodeChain, enrichChain and encodeChain say what
 * becomes of it. They are the specification: what comes out here is what they would have made of it, to the byte.
 */
export function enrichBytes(value: Buffer | null, rates: Rates): Buffer | null {
  if (value === null || !readMessage(load(value))) return null;
  const spot = cells[cell.spot] ?? 0;
  const timestampMs = cells[cell.timestampMs] ?? 0;
  const leftMs = Math.max((cells[cell.expiresAtMs] ?? 0) - timestampMs, 0);
  cells[cell.daysToExpiry] = leftMs / dayMs;
  valueOptions(leftMs > 0 ? makeMarket(spot, leftMs / yearMs, rates) : null);
  sumTotals();
  findMaxPain();
  findAtTheMoney();
  findExposures();
  findSkew();
  const future = cells[cell.futureLtp] ?? 0;
  const futureMs = (cells[cell.futureExpiresAtMs] ?? 0) - timestampMs;
  return putMessage(Number.isNaN(future) ? null : compareFuture(future, spot, futureMs, rates));
}
