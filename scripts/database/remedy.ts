import { sqlStateOf } from '../../functions/database/errors.ts';
import { messageOf } from '../../functions/runtime/errors.ts';

/** What to do about an error of the database while its schema is changed; undefined when its message has to do. */
export function remedyOf(error: unknown): string | undefined {
  const state = sqlStateOf(error);
  // node-pg-migrate wraps some errors, and leaves their state behind.
  if (state === '42501' || /must be owner|permission denied/.test(messageOf(error))) {
    return 'run this as the owner of the tables, or of the database';
  }
  if (state === '25006') return 'turn default_transaction_read_only off there, and run this again';
  if (state === '53100') return 'free some room on its disk, and run this again';
  return undefined;
}
