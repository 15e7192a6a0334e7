/** A seeded stream of random numbers: the same seed gives the same stream on every machine. */
export interface Random {
  /** An integer in [0, 2^32). */
  bits(): number;
  /** A number in [0, 1). */
  uniform(): number;
  /** A number in [min, max). */
  between(min: number, max: number): number;
  /** A standard normal number. */
  normal(): number;
}

/** The sfc32 generator (PractRand's author, Chris Doty-Humphrey): small, fast, and good far beyond what a feed needs. */
export function createRandom(seed: number): Random {
  let a = seed | 0;
  let b = Math.floor(seed / 2 ** 32) | 0;
  let c = 0x9e3779b9 | 0;
  let counter = 1;

  function bits(): number {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    return result >>> 0;
  }
  // The first numbers still look like the seed; the generator's author throws 12 away.
  for (let warmUp = 0; warmUp < 12; warmUp++) bits();

  const uniform = () => bits() / 2 ** 32;
  return {
    bits,
    uniform,
    between: (min, max) => min + (max - min) * uniform(),
    // Box and Muller; 1 - u keeps the logarithm finite.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}
