/**
 * exp and ln out of nothing but the four operations, which IEEE 754 rounds the same everywhere. The language leaves the
 * last bit of Math.exp and Math.log to the engine, and builds for x64 and arm64 differ in it (fused multiply-add): an
 * output must have the same bytes on a container's host as in a function on the other processor.
 *
 * Both are fdlibm's (Sun Microsystems, 1993: e_exp.c and e_log.c), with errors below one unit in the last place.
 */

/** ln 2 in two parts: the first has so few bits that its product with any binary exponent is exact. */
const ln2High = 0.6931471803691238;
const ln2Low = 1.9082149292705877e-10;

const bits = new DataView(new ArrayBuffer(8));

/** 2^exponent at place exponent + 1023, for -1023 to 1023; each is exact. */
const powersOfTwo = makePowersOfTwo();

function makePowersOfTwo(): Float64Array {
  const powers = new Float64Array(2047);
  powers[1023] = 1;
  for (let power = 1; power <= 1023; power += 1) {
    powers[1023 + power] = 2 * (powers[1022 + power] ?? 0);
    powers[1023 - power] = 0.5 * (powers[1024 - power] ?? 0);
  }
  return powers;
}

/** e^x. */
export function exp(x: number): number {
  if (!(x < 709.79)) return x > 709.79 ? Infinity : x;
  if (x < -745.14) return 0;
  const exponent = Math.floor(Math.LOG2E * x + 0.5);
  const high = x - exponent * ln2High;
  const low = exponent * ln2Low;
  const r = high - low;
  const t = r * r;
  let series = 4.1381367970572385e-8;
  series = series * t - 1.6533902205465252e-6;
  series = series * t + 0.00006613756321437934;
  series = series * t - 0.0027777777777015593;
  series = series * t + 0.16666666666666602;
  const c = r - t * series;
  const reduced = 1 - (low - (r * c) / (2 - c) - high);
  // In two steps where one power of two would be below the normal numbers, or above the largest.
  if (exponent < -1021) return reduced * powerOfTwo(exponent + 1000) * powerOfTwo(-1000);
  return exponent === 1024 ? reduced * 2 * powerOfTwo(1023) : reduced * powerOfTwo(exponent);
}

/** ln x: -Infinity at 0, NaN below. */
export function ln(x: number): number {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x > 0 ? x : Number.NaN;
  const isSubnormal = x < 2.2250738585072014e-308;
  const normal = isSubnormal ? x * 18014398509481984 : x;
  bits.setFloat64(0, normal, true);
  const binary = (bits.getInt32(4, true) >> 20) - 1023;
  let exponent = isSubnormal ? binary - 54 : binary;
  let reduced = normal * powerOfTwo(-binary);
  if (reduced > Math.SQRT2) {
    reduced *= 0.5;
    exponent += 1;
  }
  const f = reduced - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const odd = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const half = 0.5 * f * f;
  return exponent * ln2High - (half - (s * (half + odd + even) + exponent * ln2Low) - f);
}

/** e^x - 1, accurate near 0 (Kahan): the rounding error of e^x is undone by its own logarithm. */
export function expMinusOne(x: number): number {
  const power = exp(x);
  if (power === 1) return x;
  return x > -1 && x < 1 ? ((power - 1) * x) / ln(power) : power - 1;
}

/** ln(1 + x), accurate near 0, likewise. */
export function lnOnePlus(x: number): number {
  const sum = 1 + x;
  if (sum === 1) return x;
  return x > -1 && x < 1 ? (ln(sum) * x) / (sum - 1) : ln(sum);
}

function powerOfTwo(exponent: number): number {
  return powersOfTwo[exponent + 1023] ?? 0;
}
