import { type Conditions, type Contract, strikeSigma, tick } from './chain.ts';
import { callPrice } from './pricing.ts';
import type { Random } from './random.ts';

/** Texts of 0.00 to 1,638.35 by ticks and of 0 to 327.67 by hundredths: writing a number as text is the dearest step. */
const tickTexts = Array.from({ length: 32_768 }, (_, ticks) => String((ticks * 5) / 100));
const hundredthTexts = Array.from({ length: 32_768 }, (_, hundredths) => String(hundredths / 100));

function ticksText(ticks: number): string {
  return tickTexts[ticks] ?? String((ticks * 5) / 100);
}

/**
 * Moves every contract of a chain to `at` and writes it: the JSON of the `options` array. `contracts` holds pairs, the
 * call before the put of each strike, in order of strike.
 */
export function quoteChain(contracts: readonly Contract[], at: Conditions, random: Random): string {
  let text = '[';
  let sigma = 0;
  let call = 0;
  for (const contract of contracts) {
    let fair: number;
    if (contract.isCall) {
      sigma = strikeSigma(at, contract.strike);
      call = callPrice(at.spot, contract.strike, at.discount, sigma, at.years);
      fair = call;
    } else {
      fair = Math.max(call - at.spot + contract.strike * at.discount, 0);
    }
    if (text.length > 1) text += ',';
    text += quote(contract, fair, sigma, random.bits());
  }
  return `${text}]`;
}

/** One random number is enough for a contract: its bytes decide trade, size, side and quirks. */
function quote(contract: Contract, fair: number, sigma: number, dice: number): string {
  const fairTicks = fair / tick;
  const half = Math.max(0.5, (fairTicks * contract.spread) / 2);
  const bid = Math.max(0, Math.floor(fairTicks - half));
  const ask = Math.max(bid + 1, Math.ceil(fairTicks + half));

  if ((dice & 0xff) < contract.activity * 200) trade(contract, bid, ask, (dice >>> 8) & 0xff, (dice >>> 16) & 0xff);

  const quirk = dice >>> 24;
  const sides = contract.quoteless ? ',"bid":null,"ask":null' : `,"bid":${ticksText(bid)},"ask":${ticksText(ask)}`;
  // About 3 in 100 come without an implied volatility, one of them as null.
  const hundredths = Math.max(1, Math.round(sigma * 10_000) + (quirk & 3) - 1);
  const iv = quirk < 5 ? '' : quirk < 8 ? ',"iv":null' : `,"iv":${hundredthTexts[hundredths] ?? hundredths / 100}`;
  return `${contract.head}${ticksText(contract.lastTicks)}${sides},"volume":${contract.volume},"oi":${contract.oi}${iv}${contract.tail}`;
}

function trade(contract: Contract, bid: number, ask: number, size: number, side: number): void {
  contract.lastTicks = Math.max(1, side < 100 ? bid : side < 200 ? ask : Math.round((bid + ask) / 2));
  const traded = 1 + Math.floor((size * size * contract.activity) / 512);
  contract.volume += traded;
  contract.oi = Math.max(0, contract.oi + contract.oiDirection * (traded >> 2));
}
