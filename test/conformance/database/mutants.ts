import { buildTestBundle, type Fault } from '../../support/mutants.ts';
import { anyEpoch, positionApart } from '../../support/storage-bugs.ts';
import { analyticsCases } from './analytics-cases.ts';
import type { DatabaseCase, Place } from './case.ts';
import { containerDatabase } from './container.ts';
import { inlineDatabase } from './inline.ts';
import { type Ground, runCase } from './run.ts';
import { storageCases } from './storage-cases.ts';

/** A promise of storage or analytics, broken on purpose by a bundle with a bug, and what the suite has to say of it. */
export interface DatabaseMutant extends Fault {
  readonly promise: string;
  readonly place: Place;
  readonly one: DatabaseCase;
  readonly told: RegExp;
}

const [mixed, troubled] = storageCases as readonly [DatabaseCase, DatabaseCase];
const [behind] = analyticsCases as readonly [DatabaseCase];

export const databaseMutants: readonly DatabaseMutant[] = [
  {
    promise: 'storage moves on under its own claim only',
    ...anyEpoch,
    ...{ place: containerDatabase, one: troubled, told: /hft wrote under claim 2, which is postgres's/ },
  },
  {
    promise: 'storage writes rows and position as one',
    ...positionApart,
    ...{ place: containerDatabase, one: troubled, told: /rows were written apart from any position/ },
  },
  {
    promise: 'storage: a late duplicate never takes the place of a newer one',
    file: 'functions/storage/stored.ts',
    find: 'there.offset < source.offset',
    replace: 'there.offset !== source.offset',
    ...{ place: inlineDatabase, one: mixed, told: /^rows were written anew$|is of 1\/1[03], not of 1\/1[24]/ },
  },
  {
    promise: 'storage: one bad row fails no other',
    file: 'functions/storage/apart.ts',
    find: 'if (others.length === 0) {\n      results[only.index] = error;',
    replace: 'if (others.length >= 0) {\n      for (const { index } of piece.prepared) results[index] = error;',
    ...{ place: inlineDatabase, one: mixed, told: /is missing$/ },
  },
  {
    promise: 'analytics: where a batch is cut, no window is',
    file: 'functions/analytics/windows.ts',
    find: 'return isCut ? undefined : window.reverse();',
    replace: 'return window.reverse();',
    ...{ place: inlineDatabase, one: behind, told: /^the result of / },
  },
  {
    promise: 'analytics: what came later in the log is in no window',
    file: 'functions/analytics/windows.ts',
    find: 'if (past.offset >= offset) continue;',
    replace: '',
    ...{ place: inlineDatabase, one: behind, told: /^the result of / },
  },
  {
    promise: 'analytics waits for storage',
    file: 'functions/analytics/read-windows.ts',
    find: 'nextOffset !== undefined && one.offset <= nextOffset',
    replace: 'nextOffset !== undefined',
    ...{ place: inlineDatabase, one: behind, told: /^Error: It stands at 0,24,24,24/ },
  },
  {
    promise: 'outputs go to the partition of their input, modulo the count of theirs',
    file: 'functions/runtime/delivery.ts',
    find: 'publisher.publish(delivery.record.partition % publisher.partitionCount,',
    replace: 'publisher.publish(delivery.record.partition >> 1,',
    ...{ place: inlineDatabase, one: behind, told: /: output in [01]$/ },
  },
];

/** What the suite says of a bundle with this bug. */
export async function toldOf({ place, one, ...fault }: DatabaseMutant, ground: Ground): Promise<readonly string[]> {
  const { path, remove } = await buildTestBundle({ fault, entry: 'functions/database-main.ts' });
  try {
    return (await runCase(place, one, { ...ground, bundle: path })).problems;
  } catch (error) {
    return [String(error)];
  } finally {
    remove();
  }
}
