import { parkedTopicOf } from '../../functions/runtime/parking.ts';
import { topics } from '../topics.ts';

/** A function's side of the wire: what its mapping reads, and what its role may touch. */
export interface FunctionTopics {
  readonly source: string;
  /** `null`: it has none. */
  readonly output: string | null;
  readonly deadLetters: string;
  readonly group: string;
  /** It parks keys, and so reads and writes the topic where they are kept. */
  readonly park?: true;
}

/** A function of both templates. */
export interface DeployedFunction extends FunctionTopics {
  readonly name: string;
  /** The one file in its archive. */
  readonly bundle: 'dist/functions.mjs' | 'dist/database.mjs';
}

/**
 * Every function that is deployed. `npm run new` adds those that it lays down; their definitions say the same, which a test
 * holds for those that ship.
 */
export const deployedFunctions: readonly DeployedFunction[] = [
  deployed('processor', {
    source: 'market.raw',
    output: 'market.enriched',
    deadLetters: 'market.raw.dlq',
    group: 'processor-group',
  }),
  withDatabase('storage', {
    source: 'market.enriched',
    output: null,
    deadLetters: 'market.enriched.dlq',
    group: 'storage-group',
  }),
  withDatabase('analytics', {
    source: 'market.enriched',
    output: 'analytics.results',
    deadLetters: 'market.enriched.dlq',
    group: 'analytics-group',
  }),
];

function deployed(name: string, own: FunctionTopics): DeployedFunction {
  return { name, bundle: 'dist/functions.mjs', ...own };
}

function withDatabase(name: 'storage' | 'analytics', own: FunctionTopics): DeployedFunction {
  return { name, bundle: 'dist/database.mjs', ...own };
}

/**
 * Where Lambda itself puts what it gives up on, in an envelope of its own that names the function, and with the records
 * inside. A topic apart: readers of a dead-letter topic may rely on the headers that the runtime writes. One for each
 * declared source; what comes from other topics goes to that of the processor.
 */
export function onFailureOf({ source }: Pick<FunctionTopics, 'source'>): string {
  const own = `${source}.undelivered`;
  return topics.some(({ name }) => name === own) ? own : 'market.raw.undelivered';
}

/** All topics of a function: what must be there before anything is read. */
export function topicsOf(one: FunctionTopics): string[] {
  const { source, output, deadLetters } = one;
  return [source, ...(output === null ? [] : [output]), deadLetters, ...parkedTopicsOf(one), onFailureOf(one)];
}

/** Where a function keeps which keys are parked; none for one that parks none. */
export function parkedTopicsOf({ deadLetters, park }: Pick<FunctionTopics, 'deadLetters' | 'park'>): string[] {
  return park ? [parkedTopicOf(deadLetters)] : [];
}
