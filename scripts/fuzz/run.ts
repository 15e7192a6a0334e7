import { readFileSync } from 'node:fs';
import type { Rates } from '../../functions/processor/rates.ts';
import { createRandom, type Random } from '../feed/random.ts';
import { startCoverage } from './coverage.ts';
import { mutate } from './mutate.ts';

/** A message that the two paths do not agree on. */
export interface Disagreement {
  readonly input: Buffer;
  readonly riskFree: number;
  readonly dividendYield: number;
  readonly plain: string;
  readonly fast: string;
}

/** What is compared: `fast` returns null where it leaves a message to `plain`, which refuses one by throwing. */
export interface Paths {
  readonly fast: (value: Buffer, rates: Rates) => Buffer | null;
  readonly plain: (value: Buffer, rates: Rates) => Buffer;
}

export interface FuzzReport {
  readonly cases: number;
  /** How many of them the fast path took. */
  readonly fast: number;
  readonly corpus: number;
  readonly blocks: number;
  readonly seconds: number;
  readonly disagreement: Disagreement | null;
}

export interface FuzzOptions {
  readonly forMs: number;
  readonly seed: number;
  /** The two paths; the processor's without it. */
  readonly loadPaths?: () => Promise<Paths>;
  readonly onProgress?: (report: FuzzReport) => void;
}

const usualRates: Rates = { riskFree: 0.065, dividendYield: 0 };
const allRates: readonly Rates[] = [
  usualRates,
  { riskFree: -0.5, dividendYield: 1 },
  { riskFree: 0, dividendYield: 0.0125 },
];
/** Known messages, by the path that takes them. */
interface Corpus {
  readonly fast: string[];
  readonly plain: string[];
}

const batchCases = 1_000;
/** The part of the time in which coverage is watched; the rest goes to the compiled code, at full speed. */
const guidedShare = 0.4;

/** How many messages there are at first of so many contracts: whole chains are slow, and small ones have the same fields. */
const firstMessages = [
  { contracts: 4, count: 40 },
  { contracts: 40, count: 4 },
  { contracts: 160, count: 2 },
] as const;

/** Whole messages of the golden vectors, and those of a market, in both ways of writing. */
async function firstCorpus(seed: number): Promise<string[]> {
  // Only now: what the feed shares with the processor is to be loaded while blocks are counted.
  const { createMarket } = await import('../feed/market.ts');
  const corpus = firstMessages.flatMap(({ contracts, count }) => {
    const market = createMarket({ symbols: count, contracts, seed });
    return Array.from({ length: count }, () => market.next(Date.parse('2026-11-23T05:00:00Z')).value);
  });
  const golden = new URL('../../test/fixtures/processor/chains.ndjson', import.meta.url);
  for (const line of readFileSync(golden, 'utf8').trimEnd().split('\n')) {
    const { input } = JSON.parse(line) as { input: string };
    if (input.length < 3_000) corpus.push(input, JSON.stringify(JSON.parse(input)));
  }
  return corpus;
}

/**
 * Makes messages from known ones and sends each through the processor's two paths, which must give the same bytes. What
 * the fast path leaves to the plain one cannot differ: it is only there to be found out, by the coverage of both.
 *
 * Those that reach a block of code that none has reached are kept, and more are made from them. V8 counts blocks of
 * scripts that it compiles afterwards, so the processor is imported in here.
 */
export async function runFuzz({ forMs, seed, loadPaths, onProgress }: FuzzOptions): Promise<FuzzReport> {
  const coverage = await startCoverage(['/functions/processor/', '/functions/market/']);
  const judge = makeJudge(await (loadPaths ?? loadProcessor)());
  const random = createRandom(seed);
  const corpus: Corpus = { fast: [], plain: [] };
  const seen = new Set<string>();
  const startMs = performance.now();
  let cases = 0;
  let fast = 0;
  let disagreement: Disagreement | null = null;
  const elapsedMs = (): number => performance.now() - startMs;
  const report = (): FuzzReport => {
    return {
      cases,
      fast,
      corpus: corpus.fast.length + corpus.plain.length,
      blocks: seen.size,
      seconds: elapsedMs() / 1_000,
      disagreement,
    };
  };

  const run = (text: string): boolean => {
    const verdict = judge(Buffer.from(text, 'latin1'), allRates[cases % allRates.length] ?? usualRates);
    cases += 1;
    if (verdict === 'fast') fast += 1;
    if (typeof verdict !== 'string') disagreement ??= verdict;
    return verdict === 'fast';
  };
  const keep = (text: string): void => void (run(text) ? corpus.fast : corpus.plain).push(text);

  /** Keeps the texts that reach something new, found by halving; what has been reached by one is not new to the next. */
  const keepNew = async (texts: readonly string[]): Promise<void> => {
    // Asking for coverage takes longer than some hundreds of messages, and on a busy machine much longer.
    if (elapsedMs() > forMs * guidedShare) return;
    for (const text of texts) run(text);
    const blocks = [...(await coverage.take())].filter((block) => !seen.has(block));
    if (blocks.length === 0) return;
    const [first] = texts;
    if (texts.length > 1) {
      await keepNew(texts.slice(0, texts.length >> 1));
      await keepNew(texts.slice(texts.length >> 1));
      return;
    }
    for (const block of blocks) seen.add(block);
    if (first !== undefined) keep(first);
  };

  for (const text of await firstCorpus(seed)) keep(text);
  for (const block of await coverage.take()) seen.add(block);
  while (elapsedMs() < forMs * guidedShare && disagreement === null) {
    await keepNew(makeBatch(corpus, random));
    onProgress?.(report());
  }
  await coverage.stop();
  while (elapsedMs() < forMs && disagreement === null) {
    for (const text of makeBatch(corpus, random)) run(text);
    onProgress?.(report());
  }
  return report();
}

/** Mostly from messages that the fast path takes: most changes to a good message make it one for the plain path. */
function makeBatch({ fast, plain }: Corpus, random: Random): string[] {
  // The newest have what is hard to reach.
  const pickFrom = (texts: readonly string[]): string => {
    return texts[Math.floor(texts.length * Math.sqrt(random.uniform()))] ?? '';
  };
  const pick = (): string => pickFrom(plain.length === 0 || random.bits() % 8 > 0 ? fast : plain);
  return Array.from({ length: batchCases }, () => mutate(pick(), pick(), random));
}

async function loadProcessor(): Promise<Paths> {
  const { enrichPlainly } = await import('../../functions/processor/definition.ts');
  const { enrichBytes } = await import('../../functions/processor/fast/enrich-bytes.ts');
  return { fast: enrichBytes, plain: enrichPlainly };
}

function makeJudge(paths: Paths): (input: Buffer, rates: Rates) => 'fast' | 'plain' | Disagreement {
  return (input, rates) => {
    const fast = outcome(() => paths.fast(input, rates));
    // A bug that throws in the fast path is a disagreement, whatever the plain one says.
    if (fast === null) return 'plain';
    const plain = outcome(() => paths.plain(input, rates));
    if (typeof fast !== 'string' && typeof plain !== 'string' && plain !== null && fast.equals(plain)) return 'fast';
    return { input, ...rates, plain: String(plain), fast: String(fast) };
  };
}

/** What a path gives, or the error that it throws as text. */
function outcome(path: () => Buffer | null): Buffer | string | null {
  try {
    return path();
  } catch (error) {
    return `throws ${error instanceof Error ? error.stack : String(error)}`;
  }
}
