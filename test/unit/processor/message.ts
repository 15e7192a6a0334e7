/** A sound `market.raw` message to spoil: one field is set by its path, or taken out with `undefined`. */
export function messageWith(path = '', value: unknown = undefined): Record<string, unknown> {
  const message: Record<string, unknown> = {
    symbol_id: 13,
    symbol: 'NIFTY',
    expiry: '2026-11-26',
    timestamp: '2026-11-23T10:30:00+05:30',
    lot_size: 75,
    vix: 13.2,
    spot: { ltp: 24105.5, change: 150.25, change_pct: 0.63 },
    futures: { ltp: 24160, expiry: '2026-11-26', oi: 1200000, volume: 340000 },
    options: [option(24000, 'CE'), option(24000, 'PE'), option(24100, 'CE'), option(24100, 'PE')],
  };
  const names = path.split('.').filter((name) => name !== '');
  const last = names.pop();
  if (last === undefined) return message;
  let owner: unknown = message;
  for (const name of names) owner = Reflect.get(Object(owner), name);
  Reflect.set(Object(owner), last, value);
  return message;
}

/** A sound option with all fields. */
export function option(strike: number, type: 'CE' | 'PE'): Record<string, unknown> {
  return {
    strike,
    option_type: type,
    ltp: 125.5,
    bid: 124.5,
    ask: 126,
    volume: 250000,
    oi: 1500000,
    iv: 12.4,
    prev_close: 118,
    prev_oi: 1450000,
  };
}
