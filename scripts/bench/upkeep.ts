import { CommandError } from '../support/command.ts';
import type { Span } from './stage-of.ts';

/** What a record costs beside CPU time: V8's heap, the share of its collections in the CPU time, and the wire. */
export interface Upkeep {
  readonly cpuUs: number;
  readonly allocatedBytes: number;
  readonly collectionShare: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** A line of probe.mjs, all of it since the process began. */
export interface Look {
  readonly atUs: number;
  readonly cpuUs: number;
  readonly allocatedBytes: number;
  readonly gcUs: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/**
 * Looks come twice a second: what lies between the first and the last of the span stands for all of it. Not for bytes: a client
 * fetches ahead of what is handled, so they are those of the process's whole life over all that it handled.
 *
 * @param records of the span
 * @param all records that the process handled
 */
export function upkeepOf(
  looks: readonly Look[],
  { fromUs, toUs }: Span,
  records: number,
  cpuUs: number,
  all: number,
): Upkeep {
  const within = looks.filter(({ atUs }) => atUs >= fromUs && atUs <= toUs);
  const [first, last] = [within[0], within.at(-1)];
  if (first === undefined || last === undefined || last.cpuUs === first.cpuUs) {
    throw new CommandError('the run was too short to be looked at twice: give more --records');
  }
  const between = (of: (look: Look) => number): number => of(last) - of(first);
  // The rate of a whole run is steady enough by CPU time, and no clock tells how many records a part of it was.
  const share = between((look) => look.cpuUs) / cpuUs;
  const perRecord = (of: (look: Look) => number): number => between(of) / share / records;
  return {
    cpuUs: cpuUs / records,
    allocatedBytes: perRecord((look) => look.allocatedBytes),
    collectionShare: between((look) => look.gcUs) / between((look) => look.cpuUs),
    readBytes: (looks.at(-1)?.readBytes ?? 0) / all,
    writtenBytes: (looks.at(-1)?.writtenBytes ?? 0) / all,
  };
}
