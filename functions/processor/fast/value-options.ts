import { mean, subtract } from '../../market/decimal.ts';
import { logMoneyness, type Market, valueInto } from '../black-scholes.ts';
import { impliedVolatility } from '../implied-volatility.ts';
import { cell, cells, column, head, isCall, ivSource, mostOptions, source } from './columns.ts';

/** Values all options of the chain, as valueQuote does one; `market` is `null` once it has expired. */
export function valueOptions(market: Market | null): void {
  const spot = cells[cell.spot] ?? 0;
  let strike = 0;
  let moneyness = 0;
  for (let row = 0; row < head.options; row += 1) {
    const call = isCall[row] === 1;
    const next = cells[column.strike + row] ?? 0;
    if (next !== strike) {
      strike = next;
      moneyness = market === null ? 0 : logMoneyness(market, strike);
    }
    const intrinsic = Math.max(call ? subtract(spot, strike) : subtract(strike, spot), 0);
    cells[column.intrinsic + row] = intrinsic;
    const sigma = market === null ? Number.NaN : chooseVolatility(market, strike, call, row);
    if (market !== null && !Number.isNaN(sigma)) {
      const price = cells[column.price + row] ?? 0;
      valueInto(cells, column.price + row, mostOptions, market, strike, moneyness, call, sigma);
      // The price that a volatility was solved from is taken as it is, as there.
      if (ivSource[row] !== source.feed) cells[column.price + row] = price;
    } else clear(row, market === null ? intrinsic : Number.NaN);
  }
}

function clear(row: number, price: number): void {
  cells[column.price + row] = price;
  cells[column.ivUsed + row] = Number.NaN;
  ivSource[row] = source.none;
  for (let index = column.delta + row; index <= column.rho + row; index += mostOptions) cells[index] = Number.NaN;
}

/** The volatility as a fraction a year, by valuation.ts' rules; NaN when there is none. Enters what it came from. */
function chooseVolatility(market: Market, strike: number, isCall: boolean, row: number): number {
  const iv = cells[column.iv + row] ?? 0;
  if (iv > 0) {
    cells[column.ivUsed + row] = iv;
    ivSource[row] = source.feed;
    return iv / 100;
  }
  const bid = cells[column.bid + row] ?? 0;
  const ask = cells[column.ask + row] ?? 0;
  const last = cells[column.ltp + row] ?? 0;
  const isMid = bid > 0 && ask >= bid;
  if (!isMid && !(last > 0)) return Number.NaN;
  const price = isMid ? mean(bid, ask) : last;
  const sigma = impliedVolatility(market, strike, isCall, price);
  if (sigma === null) return Number.NaN;
  cells[column.price + row] = price;
  cells[column.ivUsed + row] = 100 * sigma;
  ivSource[row] = isMid ? source.mid : source.last;
  return sigma;
}
