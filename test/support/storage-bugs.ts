import type { Fault } from './mutants.ts';

// What would break storage's promises, for every suite that has to tell.

/** Rows and position are two transactions: rows may be missing below a position. */
export const positionApart: Fault = {
  file: 'functions/storage/store.ts',
  find: 'await database.writeAtOnce([moveOn(place, known, piece.end), ...copiesOf(workplace, wanted)], { signal })',
  replace:
    'await database.writeAtOnce([moveOn(place, known, piece.end)], { signal });' +
    'await database.writeAtOnce(copiesOf(workplace, wanted), { signal })',
};

/** An owner that is refused does not ask whether the partition is still its own. */
export const anyClaim: Fault = {
  file: 'functions/storage/owners.ts',
  find: 'if (assignment.confirmedAtMs <= refusedAtMs) throw refusal(there.epoch);',
  replace: '',
};

/** Whoever stands at the position moves it on, under whatever claim. */
export const anyEpoch: Fault = {
  file: 'functions/storage/position.ts',
  find: 'and epoch = $4 and next_offset = $5',
  replace: 'and $4::bigint is not null and next_offset = $5',
};
