import type { Assignment } from '../runtime/contract.ts';
import { DependencyDownError } from '../runtime/errors.ts';
import type { Place, Position } from './position.ts';

/** What an owner of a partition knows of its position. */
export interface Owner {
  /** The position as of the last commit that was heard of; undefined when there is none, or something failed since. */
  known: Position | undefined;
  /**
   * The number to write under, and whether it is a new claim, given what stands in the row.
   * @throws DependencyDownError when another owner has claimed the partition since: it is waited for, until the hold is
   * confirmed anew or taken away
   */
  epochFor(there: Position): { readonly epoch: number; readonly isClaim: boolean };
  /** A transaction of this owner has been committed. */
  committed(position: Position): void;
}

/** The owners of this process: one an assignment, from its first batch on. */
export function createOwners(): (assignment: Assignment, place: Place) => Owner {
  const owners = new WeakMap<Assignment, Owner>();
  return (assignment, place) => {
    let owner = owners.get(assignment);
    if (owner === undefined) {
      owner = createOwner(assignment, place);
      owners.set(assignment, owner);
    }
    return owner;
  };
}

function createOwner(assignment: Assignment, { topic, partition }: Place): Owner {
  let epoch: number | undefined;
  let refusedAtMs: number | undefined;
  let known: Position | undefined;
  return {
    get known() {
      return known;
    },
    set known(position) {
      known = position;
    },
    epochFor(there) {
      if (epoch === there.epoch) return { epoch, isClaim: false };
      if (epoch !== undefined) {
        // A process that lost the partition while it was frozen must not take it back from who has it now: only one whose
        // hold was confirmed after the refusal is the owner. It was the other that claimed too late.
        refusedAtMs ??= Date.now();
        if (assignment.confirmedAtMs <= refusedAtMs) throw refusal(there.epoch);
      }
      return { epoch: there.epoch + 1, isClaim: true };
    },
    committed(position) {
      epoch = position.epoch;
      refusedAtMs = undefined;
      known = position;
    },
  };

  function refusal(claimed: number): DependencyDownError {
    return new DependencyDownError(
      `Another owner has claimed partition ${partition} of ${topic} (claim ${claimed}, ours was ${epoch}): nothing is written ` +
        'until it is confirmed whose it is',
    );
  }
}
