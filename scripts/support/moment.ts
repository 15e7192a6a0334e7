import { UsageError } from './command.ts';

/**
 * An option that is a time with its zone, in milliseconds since the epoch: a time without one means another moment on
 * another machine.
 * @throws UsageError
 */
export function momentOption(name: string, text: string): number {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(:\d{2})?(\.\d{1,3})?(Z|[+-]\d{2}:?\d{2})?$/.exec(text);
  if (!match) throw new UsageError(`--${name} takes a time such as 2026-11-23T09:15+05:30, not '${text}'`);
  const [, date = '', minutes = '', seconds = ':00', fraction = '', zone] = match;
  if (zone === undefined) {
    throw new UsageError(`--${name} '${text}' has no zone: write ${text}+05:30 for India, or ${text}Z for UTC`);
  }
  const local = `${date}T${minutes}${seconds}${fraction}`;
  const atMs = Date.parse(`${local}${zone === 'Z' ? 'Z' : zone.replace(/:?(\d{2})$/, ':$1')}`);
  // February 30th would count on into March.
  const asUtc = Date.parse(`${local}Z`);
  const day = Number.isNaN(asUtc) ? '' : new Date(asUtc).toISOString().slice(0, 10);
  if (Number.isNaN(atMs) || day !== date) throw new UsageError(`--${name} '${text}' is a time that does not exist`);
  return atMs;
}
