import { collectProblems, durationOption, integerOption, UsageError } from '../../support/command.ts';

/** The flags that are migrate's own, as typed. */
export interface MigrateFlags {
  readonly topic?: string | undefined;
  readonly to?: string | undefined;
  readonly partitions?: string | undefined;
  readonly group?: readonly string[] | undefined;
  readonly plan?: boolean | undefined;
  readonly 'cut-over'?: boolean | undefined;
  readonly quiet?: string | undefined;
  readonly wait?: string | undefined;
  readonly rate?: string | undefined;
}

/** What is to be migrated, and how. */
export interface MigrateOptions {
  readonly from: string;
  readonly to: string;
  readonly partitions: number;
  /** The groups that go on in the new topic. */
  readonly groups: readonly string[];
  /** How far to go: look only, copy what is there, or to the end. */
  readonly until: 'plan' | 'copy' | 'cut-over';
  /** How long the old topic must stay as it is before it counts as left. */
  readonly quietMs: number;
  /** How long to wait for producers and instances to be stopped. */
  readonly waitMs: number;
  /** Most records a second. */
  readonly rate: number;
}

const name = /^[A-Za-z0-9._-]{1,249}$/;
const mostPartitions = 10_000;

/**
 * What the flags mean.
 * @throws UsageError with everything wrong in it
 */
export function migrateOptions(flags: MigrateFlags, positionals: readonly string[]): MigrateOptions {
  const { list: problems, read } = collectProblems();
  if (positionals.length > 0) problems.push(`there is nothing to do with '${positionals.join(' ')}'`);
  const { topic = '', to = '', group = ['processor-group'] } = flags;
  for (const [flag, value] of Object.entries({ topic, to })) {
    if (!name.test(value)) problems.push(`--${flag} takes the name of a topic, not '${value}'`);
  }
  if (topic !== '' && topic === to) problems.push('--to takes another name than --topic: the old topic stays as it is');
  for (const one of group) if (one.trim() === '') problems.push("--group takes the id of a group, not ''");
  const partitions = read(() => integerOption('partitions', flags.partitions ?? '', 1, mostPartitions)) ?? 0;
  const quietMs = read(() => durationOption('quiet', flags.quiet ?? '5s')) ?? 0;
  const waitMs = read(() => durationOption('wait', flags.wait ?? '10m')) ?? 0;
  const rate =
    flags.rate === undefined
      ? Number.POSITIVE_INFINITY
      : (read(() => integerOption('rate', flags.rate ?? '', 1)) ?? Number.POSITIVE_INFINITY);
  if (flags.plan === true && flags['cut-over'] === true) problems.push('--plan changes nothing: without --cut-over');
  if (problems.length > 0) throw new UsageError(problems.join('; '));
  const until = flags.plan === true ? 'plan' : flags['cut-over'] === true ? 'cut-over' : 'copy';
  return { from: topic, to, partitions, groups: [...new Set(group)], until, quietMs, waitMs, rate };
}
