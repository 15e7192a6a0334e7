import type { FindingKind, Verdict } from '../../test/support/ledger/verdict.ts';
import type { MemberExit, Span } from './crew.ts';
import type { Mark, Movements, Standstill } from './standstill.ts';

/** What one repeat of a scenario came to. */
export interface Outcome extends Standstill {
  readonly counts: Verdict['counts'];
  readonly lost: number;
  readonly doubled: number;
  /** How long the first output of what was doubled had been there when the fault came, and no commit had covered it. */
  readonly uncommittedForMs: number;
  readonly reordered: number;
  readonly commitsAhead: number;
  readonly unaccounted: number;
  /** Records that the last commits leave to be delivered again, when all instances have left. */
  readonly uncommitted: number;
  /** Kinds of violations that are none of the above: a changed byte, a missing dead letter. */
  readonly otherViolations: readonly FindingKind[];
  /** What the ledger found, with coordinates; the first of each kind. */
  readonly examples: readonly string[];
  readonly exits: readonly MemberExit[];
  readonly peakMb: number;
  /** Why the run did not get to its end: the group did not settle, or records were left undone. */
  readonly problems: readonly string[];
  readonly notices: readonly string[];
  readonly story: Story;
}

/** What a repeat is judged and reported by; its story may be gone. */
export type Reported = Omit<Outcome, 'story'> & { readonly story?: Story | undefined };

/** What a drawing of the run needs. */
export interface Story {
  readonly marks: readonly Mark[];
  readonly startMs: number;
  readonly endMs: number;
  readonly spans: readonly Span[];
  /** When records came in, and when they moved on, by partition. */
  readonly arrivals: Movements;
  readonly movements: Movements;
  /** As `movements`, without what was doubled. */
  readonly firsts: Movements;
}
