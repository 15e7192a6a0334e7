import { type Expiry, indiaDay, monthlyExpiry, weeklyExpiry } from './calendar.ts';
import { type Conditions, type Contract, conditions, listContract, startDay } from './chain.ts';
import { riskFreeRate } from './pricing.ts';
import { quoteChain } from './quotes.ts';
import type { Random } from './random.ts';
import type { SymbolSpec } from './symbols.ts';

const yearMs = 365 * 86_400_000;
/** Trading seconds in a year: 252 days of 6 h 15 min. A price moves as much in them as its yearly volatility says. */
const tradingSecondsAYear = 252 * 22_500;
const ordinaryVix = 13.2;

/** What all underlyings share at one moment. */
export interface MarketMood {
  vix: number;
  /** Standard normal shock of this round, the part of a move that all share. */
  shock: number;
  nowMs: number;
  isoTime: string;
}

export interface Underlying {
  readonly spec: SymbolSpec;
  /** Moves on by `seconds` of trading and writes a snapshot: one `market.raw` value. */
  snapshot(mood: MarketMood, seconds: number): string;
}

/** One underlying and its option chain: `strikes` strikes around the spot, a call and a put each. */
export function createUnderlying(spec: SymbolSpec, strikes: number, random: Random): Underlying {
  let prevClose = spec.level * (1 + 0.01 * random.normal());
  let spot = prevClose * (1 + 0.006 * random.normal());
  // GARCH(1,1) in units of the long-run variance: calm and wild spells follow one another.
  let variance = random.between(0.6, 1.6);
  let basisNoise = 0;
  let futuresOi = Math.round(2e10 / spec.level);
  let futuresVolume = Math.round(futuresOi * random.between(0.05, 0.4));
  let contracts: Contract[] = [];
  let centre = 0;
  let day = Number.NaN;
  let expiry: Expiry = { date: '', closeMs: 0 };
  let futuresExpiry: Expiry = expiry;
  let fixedHead = '';

  function move(mood: MarketMood, seconds: number): void {
    const z = 0.65 * mood.shock + 0.76 * random.normal();
    const deviation = spec.sigma * Math.sqrt((variance * seconds) / tradingSecondsAYear);
    spot *= Math.exp(deviation * z - (deviation * deviation) / 2);
    variance = Math.min(9, 0.02 + 0.08 * variance * z * z + 0.9 * variance);
    basisNoise = 0.98 * basisNoise + 0.00003 * random.normal();
  }

  function currentConditions(mood: MarketMood): Conditions {
    // A last minute is kept in hand, so that the pricing has a time to divide by.
    const years = Math.max(expiry.closeMs - mood.nowMs, 60_000) / yearMs;
    return conditions(spot, years, (spec.sigma * (mood.vix / ordinaryVix) * (3 + Math.sqrt(variance))) / 4);
  }

  /** Lists strikes around the spot, keeping the contracts already there; a chain of a new expiry starts afresh. */
  function list(mood: MarketMood): void {
    centre = Math.round(spot / spec.strikeStep);
    const now = currentConditions(mood);
    const before = conditions(prevClose, now.years + 1 / 365, spec.sigma);
    const known = new Map(contracts.map((contract) => [`${contract.strike}${contract.isCall}`, contract]));
    contracts = [];
    const lowest = Math.max(1, centre - Math.floor((strikes - 1) / 2));
    for (let number = lowest; number < lowest + strikes; number++) {
      for (const isCall of [true, false]) {
        const strike = number * spec.strikeStep;
        contracts.push(known.get(`${strike}${isCall}`) ?? listContract(strike, isCall, now, before, random));
      }
    }
  }

  function turnCalendar(mood: MarketMood): void {
    const today = indiaDay(mood.nowMs);
    const expired = mood.nowMs >= expiry.closeMs;
    if (today === day && !expired) return;
    if (today !== day && !Number.isNaN(day)) {
      prevClose = spot;
      futuresVolume = 0;
      for (const contract of contracts) startDay(contract, random);
    }
    day = today;
    if (!expired) return;
    expiry = weeklyExpiry(mood.nowMs, spec.expiryWeekday);
    futuresExpiry = monthlyExpiry(mood.nowMs, spec.expiryWeekday);
    fixedHead = `{"symbol_id":${spec.id},"symbol":"${spec.name}","expiry":"${expiry.date}","timestamp":`;
    contracts = [];
    list(mood);
  }

  function futures(mood: MarketMood): string {
    const years = (futuresExpiry.closeMs - mood.nowMs) / yearMs;
    const ltp = toTick(spot * Math.exp(riskFreeRate * years + basisNoise));
    const traded = 1 + (random.bits() & 0x3f);
    futuresVolume += traded;
    futuresOi += traded >> 3;
    return `,"futures":{"ltp":${ltp},"expiry":"${futuresExpiry.date}","oi":${futuresOi},"volume":${futuresVolume}}`;
  }

  function snapshot(mood: MarketMood, seconds: number): string {
    move(mood, seconds);
    turnCalendar(mood);
    if (Math.abs(spot / spec.strikeStep - centre) > Math.max(1, strikes / 4)) list(mood);

    let text = fixedHead + (spec.epochTimestamps ? String(mood.nowMs) : `"${mood.isoTime}"`);
    if (spec.lotSize !== null) text += `,"lot_size":${spec.lotSize}`;
    if (spec.hasVix) text += `,"vix":${Math.round(mood.vix * 100) / 100}`;
    text += `,"spot":{"ltp":${toTick(spot)}`;
    if (spec.hasChange) {
      const change = spot - prevClose;
      text += `,"change":${hundredths(change)},"change_pct":${hundredths((100 * change) / prevClose)}`;
    }
    text += '}';
    if (spec.hasFutures) text += futures(mood);
    return `${text},"options":${quoteChain(contracts, currentConditions(mood), random)}}`;
  }

  return { spec, snapshot };
}

/** Rounded to the tick and written without binary dust (0.05 x 3 is not 0.15). */
function toTick(price: number): number {
  return (Math.round(price * 20) * 5) / 100;
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
