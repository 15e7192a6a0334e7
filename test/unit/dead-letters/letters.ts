import { causeOf } from '../../../scripts/dead-letters/causes.ts';
import { type Letter, placeOf } from '../../../scripts/dead-letters/letter.ts';
import { letterIdentity, type Note } from '../../../scripts/dead-letters/note.ts';

/** A dead letter, of the record `market.raw/<partition>/<offset>` unless that is said otherwise. */
export function letter(over: Partial<Letter> & { died?: [code: string, message: string] } = {}): Letter {
  const { died: [code, message] = ['CONTRACT_VIOLATED', 'spot: missing'], ...rest } = over;
  const { partition = 0, offset = 0 } = rest;
  return {
    ...{ partition, offset, diedAtMs: 1_000 + offset, bytes: 100, redrives: 0, hasKey: true, isOfKey: false },
    cause: causeOf(code, 'processor', message),
    source: { topic: 'market.raw', partition, offset, timestamp: 500 },
    ...rest,
  };
}

/** What the journal holds of one that was discarded after all of these died. */
export function discarded(one: Letter): Note {
  return {
    ...{ place: placeOf(one), identity: letterIdentity(one), atMs: 5_000, by: 'me', action: 'discarded', reason: '' },
  };
}
