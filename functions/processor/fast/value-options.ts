import { mean, subtract } from '../../market/decimal.ts';
import { contract, logMoneyness, type Market, valueInto } from '../black-scholes.ts';
import { findVolatility } from '../implied-volatility.ts';
import { cell, cells, column, head, isCall, ivSource, mostOptions, source } from './columns.ts';

/** Values all options of the chain, as valueQuote does one; `market` is `null` once it has expired. */
export function valueOptions(market: Market | null): void {
  const spot = cells[cell.spot] ?? 0;
  contract.strike = 0;
  for (let row = 0; row < head.options; row += 1) {
    const call = isCall[row] === 1;
    const strike = cells[column.strike + row] ?? 0;
    if (strike !== contract.strike) {
      contract.strike = strike;
      if (market !== null) contract.logMoneyness = logMoneyness(market, strike);
    }
    const intrinsic = Math.max(call ? subtract(spot, strike) : subtract(strike, spot), 0);
    cells[column.intrinsic + row] = intrinsic;
    if (market === null) clear(row, column.intrinsic + row);
    else if (chooseVolatility(market, call, row)) valueRow(market, call, row);
    else clear(row, cell.none);
  }
}

function valueRow(market: Market, call: boolean, row: number): void {
  const price = cells[column.price + row] ?? 0;
  valueInto(cells, column.price + row, mostOptions, market, call);
  // The price that a volatility was solved from is taken as it is, as there.
  if (ivSource[row] !== source.feed) cells[column.price + row] = price;
}

/** @param price the cell of what is taken for the price */
function clear(row: number, price: number): void {
  cells[column.price + row] = cells[price] ?? 0;
  cells[column.ivUsed + row] = Number.NaN;
  ivSource[row] = source.none;
  for (let index = column.delta + row; index <= column.rho + row; index += mostOptions) cells[index] = Number.NaN;
}

/**
 * Chooses the contract's volatility, a fraction a year, by valuation.ts' rules; false when there is none. Enters what it came
 * from.
 */
function chooseVolatility(market: Market, isCall: boolean, row: number): boolean {
  const iv = cells[column.iv + row] ?? 0;
  if (iv > 0) {
    cells[column.ivUsed + row] = iv;
    ivSource[row] = source.feed;
    contract.sigma = iv / 100;
    return true;
  }
  const bid = cells[column.bid + row] ?? 0;
  const ask = cells[column.ask + row] ?? 0;
  const last = cells[column.ltp + row] ?? 0;
  const isMid = bid > 0 && ask >= bid;
  if (!isMid && !(last > 0)) return false;
  contract.price = isMid ? mean(bid, ask) : last;
  if (!findVolatility(market, isCall)) return false;
  cells[column.price + row] = contract.price;
  cells[column.ivUsed + row] = 100 * contract.sigma;
  ivSource[row] = isMid ? source.mid : source.last;
  return true;
}
