/**
 * The migrations that this code knows, in order: files of infra/database/migrations, without their ending. A database that
 * lacks one, or has had another, is not written to.
 */
export const knownMigrations: readonly string[] = ['0001_snapshots', '0002_windows', '0003_positions'];

/** Where migrations are noted once they have run. */
export const migrationsTable = 'pgmigrations';

/** What is wrong with the schema of a database, in one sentence with the remedy; undefined when it fits. */
export function schemaProblem(run: readonly string[]): string | undefined {
  const missing = knownMigrations.filter((name) => !run.includes(name));
  const unknown = run.filter((name) => !knownMigrations.includes(name));
  if (unknown.length > 0) {
    return `has a newer schema than this code knows (${unknown.join(', ')}): deploy the version that came with it`;
  }
  if (missing.length > 0) return `lacks migration ${missing.join(', ')}: run npm run database -- migrate`;
  return undefined;
}
