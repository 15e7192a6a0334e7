import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { knownMigrations, schemaProblem } from '../../../functions/database/schema.ts';

test('the code knows the migrations that there are', () => {
  const files = readdirSync(fileURLToPath(new URL('../../../infra/database/migrations', import.meta.url)));
  expect(files.sort()).toEqual(knownMigrations.map((name) => `${name}.sql`));
});

test('a schema fits, lacks something, or is newer', () => {
  expect(schemaProblem(knownMigrations)).toBeUndefined();
  expect(schemaProblem([])).toBe(`lacks migration ${knownMigrations.join(', ')}: run npm run database -- migrate`);
  expect(schemaProblem([...knownMigrations, '9999_later'])).toMatch(/newer schema than this code knows \(9999_later\)/);
});
