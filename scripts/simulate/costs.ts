/** What things cost where the policy is to run. */
export interface Costs {
  /** What one instance does with nothing to wait for. */
  readonly recordsPerSecondPerInstance: number;
  /** What all instances together do at most, where they share a machine or a broker; null where they do not. */
  readonly recordsPerSecondTogether: number | null;
  /** From asking for an instance to its joining the group. */
  readonly startUpSeconds: number;
  /** From asking an instance to leave to its having left; it works meanwhile. */
  readonly leaveSeconds: number;
  /** How long a change of members stops the group. */
  readonly rebalanceSeconds: number;
  /** What is handled counts as lag until it is committed: this long. */
  readonly commitSeconds: number;
}

/** Measured on two cores that three brokers share. */
export const measuredCosts: Costs = {
  // `npm run bench`, container, 2 contracts a record: 21,500 to 24,000, the lower.
  recordsPerSecondPerInstance: 21_500,
  recordsPerSecondTogether: null,
  // `npm start -- --burst --autoscale --json`, three runs, middle of joinedAfterMs (0.9 to 2.2 s) and leftAfterMs.
  startUpSeconds: 2,
  leaveSeconds: 0.5,
  // How long nothing came out when 2 instances became 4, and 4 became 6, on an otherwise quiet machine.
  rebalanceSeconds: 0.6,
  // Half of the 100 ms between commits, and a request on a busy machine.
  commitSeconds: 0.15,
};
