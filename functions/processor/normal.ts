import { exp } from './elementary.ts';

/**
 * The standard normal distribution. The error function is W. J. Cody's ("Rational Chebyshev approximations for the error
 * function", Mathematics of Computation 23, 1969; the coefficients of his CALERF, as the doubles they are), good to about
 * 1e-16 near the centre and to 1e-13 of the value itself in the tail, so that prices far out of the money keep their
 * digits.
 */

const sqrtHalf = Math.SQRT1_2;
const inverseSqrtPi = 0.5641895835477563;
const inverseSqrtTwoPi = 0.3989422804014327;

/**
 * What {@link findCdf} takes and gives: x and e^(-x^2/2), which its callers have already, and N(x). As arguments of a function
 * that V8 does not inline, and as its result, numbers would be put into boxes on the heap; fields of numbers are not.
 */
export const normal = { x: Number.NaN, exponential: Number.NaN, cdf: Number.NaN };

/** N(x), the standard normal distribution function. */
export function normalCdf(x: number): number {
  normal.x = x;
  normal.exponential = exp(-0.5 * x * x);
  findCdf();
  return normal.cdf;
}

/** n(x), the standard normal density, from e^(-x^2/2), which its callers need for N(x) as well. */
export function densityFrom(exponential: number): number {
  return inverseSqrtTwoPi * exponential;
}

/** Finds N(x) for what {@link normal} holds. */
export function findCdf(): void {
  const { x } = normal;
  const y = Math.abs(x) * sqrtHalf;
  if (y <= 0.46875) {
    normal.cdf = 0.5 + 0.5 * erfNearZero(x * sqrtHalf);
    return;
  }
  const tail = 0.5 * normal.exponential * (y <= 4 ? scaledErfcMiddle(y) : scaledErfcFar(y));
  normal.cdf = x < 0 ? tail : 1 - tail;
}

/** erf(y) for |y| <= 0.46875. */
function erfNearZero(y: number): number {
  const z = y * y;
  let numerator = 0.18577770618460315;
  numerator = numerator * z + 3.1611237438705655;
  numerator = numerator * z + 113.86415415105016;
  numerator = numerator * z + 377.485237685302;
  numerator = numerator * z + 3209.3775891384694;
  let denominator = z + 23.601290952344122;
  denominator = denominator * z + 244.02463793444417;
  denominator = denominator * z + 1282.6165260773723;
  denominator = denominator * z + 2844.236833439171;
  return (y * numerator) / denominator;
}

/** erfc(y) e^(y^2) for 0.46875 <= y <= 4. */
function scaledErfcMiddle(y: number): number {
  let numerator = 2.1531153547440383e-8;
  numerator = numerator * y + 0.5641884969886701;
  numerator = numerator * y + 8.883149794388377;
  numerator = numerator * y + 66.11919063714163;
  numerator = numerator * y + 298.6351381974001;
  numerator = numerator * y + 881.952221241769;
  numerator = numerator * y + 1712.0476126340707;
  numerator = numerator * y + 2051.0783778260716;
  numerator = numerator * y + 1230.3393547979972;
  let denominator = y + 15.744926110709835;
  denominator = denominator * y + 117.6939508913125;
  denominator = denominator * y + 537.1811018620099;
  denominator = denominator * y + 1621.3895745666903;
  denominator = denominator * y + 3290.7992357334597;
  denominator = denominator * y + 4362.619090143247;
  denominator = denominator * y + 3439.3676741437216;
  denominator = denominator * y + 1230.3393548037495;
  return numerator / denominator;
}

/** erfc(y) e^(y^2) for y > 4. */
function scaledErfcFar(y: number): number {
  const z = 1 / (y * y);
  let numerator = 0.016315387137302097;
  numerator = numerator * z + 0.30532663496123236;
  numerator = numerator * z + 0.36034489994980445;
  numerator = numerator * z + 0.12578172611122926;
  numerator = numerator * z + 0.016083785148742275;
  numerator = numerator * z + 0.0006587491615298378;
  let denominator = z + 2.568520192289822;
  denominator = denominator * z + 1.8729528499234673;
  denominator = denominator * z + 0.5279051029514285;
  denominator = denominator * z + 0.06051834131244132;
  denominator = denominator * z + 0.0023352049762686918;
  return (inverseSqrtPi - (z * numerator) / denominator) / y;
}
