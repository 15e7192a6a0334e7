/** `problem`: what the project promises does not hold now. `warning`: it holds, at a risk. `note`: worth knowing. */
export type Severity = 'problem' | 'warning' | 'note';

export const areas = ['settings', 'cluster', 'topics', 'group', 'lag', 'records', 'dead letters'] as const;

/** One thing that the doctor found. Its texts may hold names from the cluster: `printable` before they are shown. */
export interface Finding {
  readonly severity: Severity;
  readonly area: (typeof areas)[number];
  /** What is the case, without a full stop. */
  readonly what: string;
  /** Why, in one sentence. */
  readonly cause: string;
  /** What to do, in one sentence. */
  readonly remedy: string;
}
