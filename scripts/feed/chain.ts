import { callPrice, riskFreeRate, smile } from './pricing.ts';
import type { Random } from './random.ts';

/** Smallest price step of every contract, in rupees. */
export const tick = 0.05;

/** One listed option: its state, and the parts of its JSON that stay the same from message to message. */
export interface Contract {
  readonly strike: number;
  readonly isCall: boolean;
  /** 0 to 1: how often it trades. */
  readonly activity: number;
  /** Width of bid to ask as a share of the price. */
  readonly spread: number;
  /** Quoted without bid and ask. */
  readonly quoteless: boolean;
  /** +1 builds open interest, -1 unwinds it. */
  readonly oiDirection: 1 | -1;
  lastTicks: number;
  volume: number;
  oi: number;
  prevOi: number;
  head: string;
  tail: string;
}

/** What a contract's price depends on, worked out once for a whole chain. */
export interface Conditions {
  readonly spot: number;
  readonly years: number;
  /** e^(-rate x years). */
  readonly discount: number;
  /** Volatility at the money. */
  readonly sigma: number;
}

export function conditions(spot: number, years: number, sigma: number): Conditions {
  return { spot, years, discount: Math.exp(-riskFreeRate * years), sigma };
}

/** Volatility of a strike on the smile. */
export function strikeSigma(at: Conditions, strike: number): number {
  return smile(at.sigma, Math.log((strike * at.discount) / at.spot) / (at.sigma * Math.sqrt(at.years)));
}

/** Fair price of one option, in rupees. */
export function fairPrice(at: Conditions, strike: number, isCall: boolean): number {
  const call = callPrice(at.spot, strike, at.discount, strikeSigma(at, strike), at.years);
  return isCall ? call : Math.max(call - at.spot + strike * at.discount, 0);
}

/** Lists one option at the start of a day: `now` and `before` are the conditions at this moment and at the last close. */
export function listContract(
  strike: number,
  isCall: boolean,
  now: Conditions,
  before: Conditions,
  random: Random,
): Contract {
  const distance = Math.abs(Math.log(strike / now.spot)) / (now.sigma * Math.sqrt(now.years));
  const activity = Math.max(0.02, Math.exp(-0.35 * distance * distance));
  // Round strikes draw the crowd: that is what makes walls and a max pain worth looking at.
  const crowd = strike % 500 === 0 ? 2.2 : strike % 100 === 0 ? 1.4 : 1;
  const prevOi = Math.round((2_000 + 900_000 * activity * random.between(0.3, 1)) * crowd);
  const builds = random.uniform() < 0.7;
  const oddity = random.uniform();
  const contract: Contract = {
    strike,
    isCall,
    activity,
    spread: oddity < 0.03 ? random.between(0.25, 0.6) : 0.002 + 0.004 * Math.min(distance, 4),
    quoteless: oddity > 0.985,
    oiDirection: builds ? 1 : -1,
    lastTicks: Math.max(1, Math.round(fairPrice(now, strike, isCall) / tick)),
    volume: Math.round(prevOi * activity * random.between(0.05, 0.8)),
    oi: Math.round(prevOi * (builds ? random.between(0.95, 1.15) : random.between(0.8, 1))),
    prevOi,
    head: '',
    tail: '',
  };
  writeFixedParts(contract, Math.max(1, Math.round(fairPrice(before, strike, isCall) / tick)), random);
  return contract;
}

/** Starts the contract's next day: yesterday's last price and open interest become the previous ones. */
export function startDay(contract: Contract, random: Random): void {
  contract.prevOi = contract.oi;
  contract.volume = 0;
  writeFixedParts(contract, contract.lastTicks, random);
}

function writeFixedParts(contract: Contract, prevCloseTicks: number, random: Random): void {
  contract.head = `{"strike":${contract.strike},"option_type":"${contract.isCall ? 'CE' : 'PE'}","ltp":`;
  const missing = random.uniform();
  const close = missing < 0.02 ? '' : `,"prev_close":${(prevCloseTicks * 5) / 100}`;
  const oi = missing > 0.98 ? ',"prev_oi":null' : `,"prev_oi":${contract.prevOi}`;
  contract.tail = `${close}${oi}}`;
}
