/** The contract of `market.raw` written down once more, on purpose without a line of the processor's: what is wrong. */
export function contractProblems(bytes: Uint8Array | string | null): string[] {
  let value: unknown;
  try {
    const text =
      typeof bytes === 'string' ? bytes : new TextDecoder('utf-8', { fatal: true }).decode(bytes ?? undefined);
    value = JSON.parse(text);
  } catch {
    return ['not UTF-8 JSON'];
  }
  if (!isObject(value)) return ['not an object'];
  const problems: string[] = [];
  const check = (right: boolean, problem: string) => {
    if (!right) problems.push(problem);
  };
  check(Number.isSafeInteger(value.symbol_id) && Number(value.symbol_id) >= 0, 'symbol_id');
  check(typeof value.symbol === 'string' && value.symbol.length >= 1 && value.symbol.length <= 32, 'symbol');
  check(isDate(value.expiry), 'expiry');
  check(isTimestamp(value.timestamp), 'timestamp');
  check(isObject(value.spot) && isNumber(value.spot.ltp) && value.spot.ltp > 0, 'spot.ltp');
  for (const field of ['lot_size', 'vix']) check(isAbsent(value[field]) || isNumber(value[field]), field);
  if (isObject(value.futures)) {
    for (const field of ['ltp', 'oi', 'volume']) check(isNotNegative(value.futures[field]), `futures.${field}`);
    check(isAbsent(value.futures.expiry) || isDate(value.futures.expiry), 'futures.expiry');
  }
  if (!Array.isArray(value.options) || value.options.length > 2_000) return [...problems, 'options'];
  const seen = new Set<string>();
  for (const option of value.options) {
    if (!isObject(option)) return [...problems, 'options[]'];
    check(isNumber(option.strike) && option.strike > 0, 'strike');
    check(option.option_type === 'CE' || option.option_type === 'PE', 'option_type');
    check(!seen.has(`${option.strike} ${option.option_type}`), 'given twice');
    seen.add(`${option.strike} ${option.option_type}`);
    for (const field of ['ltp', 'bid', 'ask', 'volume', 'oi', 'iv', 'prev_close', 'prev_oi']) {
      check(isNotNegative(option[field]), field);
    }
  }
  return problems;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function isNotNegative(value: unknown): boolean {
  return isAbsent(value) || (isNumber(value) && value >= 0);
}

function isDate(value: unknown): boolean {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) return false;
  const date = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
}

function isTimestamp(value: unknown): boolean {
  if (Number.isSafeInteger(value)) return true;
  return typeof value === 'string' && /T.*(Z|[+-]\d\d:\d\d)$/.test(value) && !Number.isNaN(Date.parse(value));
}
