import { integerOption } from '../support/command.ts';
import { migrate } from './migrate.ts';
import { type Environment, onPrimary } from './on-primary.ts';
import { arrangeDays, type Days } from './partitions.ts';

/** What can be done to a schema: `migrate` runs what is missing and makes days, `partitions` only keeps the days. */
export const schemaActions = ['migrate', 'partitions'] as const;
export type SchemaAction = (typeof schemaActions)[number];

/** The options of both. */
export const daysOptions = { ahead: { type: 'string', default: '7' }, keep: { type: 'string' } } as const;

/** A line each, for help texts. */
export const daysText = {
  ahead: 'For how many days from tomorrow on partitions are made.',
  keep: 'How many days before today are kept; older ones are dropped (default: nothing is dropped).',
} as const;

/** The days that options ask for, or a UsageError that says what is accepted. */
export function daysOf({ ahead, keep }: { readonly ahead: string; readonly keep?: string | undefined }): Days {
  return {
    ahead: integerOption('ahead', ahead, 0, 366),
    keep: keep === undefined ? undefined : integerOption('keep', keep, 0, 36_500),
  };
}

/**
 * Does it on the primary of an environment, and prints what came of it: the exit code.
 * @param folder where the migrations are, when not in this repository
 * @throws CommandError when it cannot be done; nothing is changed then
 */
export function runSchemaAction(
  action: SchemaAction,
  env: Environment,
  days: Days,
  json: boolean,
  folder?: string,
): Promise<number> {
  const print = (facts: object, text: string): void =>
    void process.stdout.write(json ? `${JSON.stringify(facts)}\n` : `${text}\n`);
  return onPrimary(env, async (connection) => {
    if (action === 'migrate') {
      const done = await migrate(connection, folder);
      const { made } = await arrangeDays(connection, days);
      const ran = done.ran.length === 0 ? 'has every migration' : `ran ${done.ran.join(', ')}`;
      const kind = done.hypertables ? 'hypertables' : `${made} partitions made`;
      print({ ...done, made }, `${done.server}: ${ran}; ${kind}.`);
      return 0;
    }
    const done = await arrangeDays(connection, days);
    const range = `days ${done.days[0] ?? 'none'} to ${done.days.at(-1) ?? 'none'}`;
    print(
      { server: connection.server, ...done },
      `${connection.server}: ${done.made} partitions made, ${done.dropped} dropped; ${range}; ` +
        `${done.elsewhere} snapshots of other days.`,
    );
    return 0;
  });
}
