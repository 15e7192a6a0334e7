import { describe, expect, test } from 'vitest';
import { analytics } from '../../../functions/analytics/definition.ts';
import { readDatabaseSettings } from '../../../functions/database/settings.ts';
import { StartupError } from '../../../functions/runtime/errors.ts';
import { readSettings } from '../../../functions/runtime/read-settings.ts';
import { storage } from '../../../functions/storage/definition.ts';

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

  test('of a password with special characters, how to write it', () => {
    const problems = problemsOf({ DATABASE_URL: 'postgres://me:hid@den@db/market' });
    expect(problems.join()).toContain('(@ / ? # of a password as %40');
    expect(problems.join()).not.toMatch(/hid|den/);
    expect(readDatabaseSettings({ DATABASE_URL: 'postgres://me:hid%40den@db/market' }).servers[0]?.password).toBe(
      'hid@den',
    );
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

test("they come together with what is wrong with the runtime's own", () => {
  const env = { DATABASE_POOL_SIZE: '0', ANALYTICS_WINDOW: 'all', KAFKA_BOOTSTRAP_SERVERS: 'b:1' };
  for (const { checkSettings } of [storage, analytics]) {
    expect(() => readSettings(env, checkSettings)).toThrow(
      /^ANALYTICS_WINDOW is 'all', .*\nDATABASE_URL is not set\. .*\nDATABASE_POOL_SIZE is '0', but takes a whole number from 1 to 100\.$/,
    );
  }
  expect(() => readSettings({ KAFKA_BOOTSTRAP_SERVERS: 'b:1' })).not.toThrow();
});
