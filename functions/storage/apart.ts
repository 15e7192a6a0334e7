import { QueryError } from '../database/errors.ts';
import type { BatchResult } from '../runtime/contract.ts';
import { DependencyDownError, RetryableError } from '../runtime/errors.ts';
import type { Prepared } from './prepare.ts';
import { type Piece, store, type Writing } from './store.ts';

const duplicateKey = '23505';
/** Each time it is looked up what is there; somebody else would have to be quicker every time. */
const mostTries = 3;

/**
 * Stores a piece; when the database refuses the data of it, the halves, down to the one snapshot that is at fault: its
 * error becomes its record's result. Halves go in order, each in its own transaction. The position passes what is stored
 * nowhere, too: it must not depend on where batches are cut, and there are others who wait for it.
 * @throws whatever is no fault of a row: a database that is down, an owner that is none any more
 */
export async function storeApart(piece: Piece, writing: Writing, results: BatchResult[], tries = 1): Promise<void> {
  const [only, ...others] = piece.prepared;
  try {
    return await store(piece, writing);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    // Somebody else has written one of them, as after a change of the partitions' count: no row is at fault.
    if (error.sqlState === duplicateKey) {
      if (tries === mostTries) throw new RetryableError(error.message, error);
      return await storeApart(piece, writing, results, tries + 1);
    }
    // Its text is ours, and the same for every row: a dead letter of each would be no help.
    if (!error.isData) throw new DependencyDownError(`${error.message}: is its schema the one of this version?`, error);
    if (only === undefined) throw error;
    if (others.length === 0) {
      results[only.index] = error;
      return await store({ ...piece, prepared: [] }, writing);
    }
  }
  const middle = Math.ceil(piece.prepared.length / 2);
  const second = piece.prepared.slice(middle);
  const border = (second[0] as Prepared).offset; // two or more have a second half
  await storeApart({ ...piece, prepared: piece.prepared.slice(0, middle), end: border }, writing, results);
  await storeApart({ ...piece, prepared: second, first: border }, writing, results);
}
