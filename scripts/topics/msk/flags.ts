import type { TargetKind } from '../target.ts';
import { accesses } from './brokers.ts';

/** The flags of `--target msk`, as typed. */
export interface MskFlags {
  readonly 'cluster-arn'?: string | undefined;
  readonly 'cluster-name'?: string | undefined;
  readonly region?: string | undefined;
  readonly 'brokers-via'?: string | undefined;
}

const names = ['cluster-arn', 'cluster-name', 'region', 'brokers-via'] as const;

/** Whether a flag names a cluster of MSK. */
export function namesMskCluster(flags: MskFlags): boolean {
  return flags['cluster-arn'] !== undefined || flags['cluster-name'] !== undefined;
}

/** What is wrong with the flags, for the kind of target that was chosen. */
export function mskFlagProblems(flags: MskFlags, kind: TargetKind): string[] {
  const given = names.filter((name) => flags[name] !== undefined);
  if (kind !== 'msk') return given.map((name) => `--${name} goes with --target msk`);
  const problems = given.filter((name) => flags[name]?.trim() === '').map((name) => `--${name} takes a value, not ''`);
  const { 'cluster-arn': arn, 'cluster-name': name, 'brokers-via': via } = flags;
  if (arn === undefined && name === undefined) problems.push('--target msk takes --cluster-arn or --cluster-name');
  if (arn !== undefined && name !== undefined) problems.push('--cluster-arn and --cluster-name are two: give one');
  if (arn?.trim() && !arn.startsWith('arn:'))
    problems.push(`--cluster-arn takes an ARN, not '${arn}': see --cluster-name`);
  if (via?.trim() && !accesses.some((access) => access === via)) {
    problems.push(`--brokers-via takes one of ${accesses.join(', ')}, not '${via}'`);
  }
  return problems;
}
