import { describe, expect, test } from 'vitest';
import { readDatabaseSettings } from '../../../functions/database/settings.ts';
import { StartupError } from '../../../functions/runtime/errors.ts';

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readDatabaseSettings(env);
    return [];
  } catch (error) {
    if (error instanceof StartupError) return error.problems;
    throw error;
  }
}

describe('settings of the database', () => {
  test('need a URL only', () => {
    const settings = readDatabaseSettings({ DATABASE_URL: 'postgres://me:secret@127.0.0.1/market' });
    expect(settings).toMatchObject({ poolSize: undefined, connectTimeoutMs: 3_000, maxLagMs: 2_000 });
    expect(settings.servers.map(({ host }) => host)).toEqual(['127.0.0.1']);
  });

  test('tell all that is wrong at once, and nothing of a URL', () => {
    const problems = problemsOf({
      DATABASE_URL: 'postgres://me:hidden@@db/market',
      DATABASE_REPLICA_URLS: 'postgres://me:hidden@db/market?sslmode=maybe',
      DATABASE_POOL_SIZE: '0',
      DATABASE_LOCK_TIMEOUT_MS: 'soon',
    });
    expect(problems.map((problem) => problem.split(' ', 1)[0])).toEqual([
      'DATABASE_URL',
      'DATABASE_REPLICA_URLS',
      'DATABASE_POOL_SIZE',
      'DATABASE_LOCK_TIMEOUT_MS',
    ]);
    expect(problems.join()).not.toContain('hidden');
  });

  test('say that there is none', () => {
    expect(problemsOf({})).toEqual([expect.stringMatching(/^DATABASE_URL is not set\. It takes postgres:\/\//)]);
  });
});
