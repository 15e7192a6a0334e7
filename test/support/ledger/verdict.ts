/** One thing that is wrong, and where. */
export interface Violation {
  /** `<topic>/<partition>/<offset>`, of the source record where there is one. */
  readonly at: string;
  readonly detail: string;
}

/** All of one kind: how many in all, and the first few. */
export interface Findings {
  readonly total: number;
  readonly examples: readonly Violation[];
}

/** What can be wrong, by kind; everything but `duplicates` breaks a promise. */
export interface VerdictFindings {
  /** A source record that should have an output has neither an output nor a dead letter. */
  readonly lost: Findings;
  /** An output or dead letter that names no source record, or names it badly. */
  readonly invented: Findings;
  /** Outputs, and dead letters, of a source record beyond the first. At least once allows them. */
  readonly duplicates: Findings;
  /** An output (its first) that a later one of the same key, or of the same partition, went before. */
  readonly reordered: Findings;
  /** Not in the source's partition modulo the topic's count. */
  readonly wrongPartition: Findings;
  /** An output whose key is not the source's, byte for byte. */
  readonly wrongKey: Findings;
  /**
   * A duplicate that differs from the first, an output that is not the one expected, a lost `traceparent`; a dead letter
   * that changed a byte of key, value or headers, or whose `error.*` headers are missing or wrong.
   */
  readonly wrongBytes: Findings;
  /** An output of a record that should have been filtered, or a dead letter. */
  readonly unexpectedOutput: Findings;
  /** A dead letter of a record that should not have died. */
  readonly unexpectedDead: Findings;
  /** No dead letter of a record that should have died. */
  readonly missingDead: Findings;
  /** A commit over a source record before its first output or dead letter was appended. */
  readonly commitsAhead: Findings;
  readonly commitsBackwards: Findings;
}

export type FindingKind = keyof VerdictFindings;

/** What a run comes to. Counts are of records in the topics, unless they say `distinct`. */
export interface Verdict extends VerdictFindings {
  readonly counts: {
    readonly inputs: number;
    readonly outputs: number;
    readonly deadLetters: number;
    /** Source records with an output, with a dead letter, and filtered as they should be. */
    readonly distinctOutputs: number;
    readonly distinctDeadLetters: number;
    readonly filtered: number;
    readonly commits: number;
  };
  /** Inputs less those with an output or dead letter, or filtered as expected. 0, or something vanished. */
  readonly unaccounted: number;
  /** Source records that the last commits leave to be delivered again; 0 after a clean drain. */
  readonly uncommitted: number;
  /** The longest time between two appends that follow each other, by output partition. */
  readonly longestSilenceMs: readonly number[];
}

const maxExamples = 10;

/** Findings to which violations are still added. */
export interface Collector extends Findings {
  add(at: string, detail: string): void;
}

export type Collectors = Readonly<Record<FindingKind, Collector>>;

function createCollector(): Collector {
  const examples: Violation[] = [];
  let total = 0;
  return {
    get total() {
      return total;
    },
    examples,
    add(at, detail) {
      total += 1;
      if (examples.length < maxExamples) examples.push({ at, detail });
    },
  };
}

/** An empty collector for each kind. */
export function createCollectors(): Collectors {
  return {
    lost: createCollector(),
    invented: createCollector(),
    duplicates: createCollector(),
    reordered: createCollector(),
    wrongPartition: createCollector(),
    wrongKey: createCollector(),
    wrongBytes: createCollector(),
    unexpectedOutput: createCollector(),
    unexpectedDead: createCollector(),
    missingDead: createCollector(),
    commitsAhead: createCollector(),
    commitsBackwards: createCollector(),
  };
}
