import { describe, expect, test } from 'vitest';
import { QueryError, translate } from '../../../functions/database/errors.ts';
import { BadInputError, DependencyDownError, RetryableError } from '../../../functions/runtime/errors.ts';

const failure = (code: string, message = 'as the server says', more: object = {}): Error =>
  Object.assign(new Error(message), { code, ...more });

describe('an error of the database', () => {
  test.each([
    '08006',
    '25006',
    '28P01',
    '3D000',
    '42P01',
    '42501',
    '53100',
    '53200',
    '53300',
    '53400',
    '55P03',
    '57014',
    '57P01',
    '57P02',
    '57P03',
    '58030',
    'XX000',
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ENOTFOUND',
    'ETIMEDOUT',
  ])('%s means that it is waited for', (code) => {
    const translated = translate(failure(code), 'db:5432');
    expect(translated).toBeInstanceOf(DependencyDownError);
    expect(translated.message).toMatch(new RegExp(`^The database db:5432 .+ \\(${code}\\)$`));
  });

  test.each(['40001', '40P01'])('%s means that the transaction is tried again', (code) => {
    expect(translate(failure(code), 'db:5432')).toBeInstanceOf(RetryableError);
  });

  test.each([
    ['22003', true],
    ['23505', true],
    ['42601', false],
    ['25P02', false],
  ])('%s is the statement: of its data: %s', (code, isData) => {
    const translated = translate(
      failure(code, 'duplicate key\nDETAIL: a whole row', { constraint: 'items_pkey' }),
      'db:5432',
    );
    expect(translated).toMatchObject({ sqlState: code, isData, constraint: 'items_pkey', retryable: false });
    expect(translated.message).not.toContain('a whole row');
    expect(translated).toBeInstanceOf(QueryError);
  });

  test.each(['Connection terminated unexpectedly', 'something that nobody knows'])(
    '%s, without a code, is waited for',
    (text) => {
      expect(translate(new Error(text), 'db:5432')).toBeInstanceOf(DependencyDownError);
    },
  );

  test('that has its meaning already keeps it', () => {
    const bad = new BadInputError('CONTRACT_VIOLATED', 'strike');
    expect(translate(bad, 'db:5432')).toBe(bad);
  });

  test('of a partition that is not there is no fault of the row', () => {
    expect(translate(failure('23514'), 'db:5432')).toBeInstanceOf(DependencyDownError);
    expect(translate(failure('23514', '', { constraint: 'positive' }), 'db:5432')).toBeInstanceOf(QueryError);
  });

  test('tells the remedy for a full disk', () => {
    expect(translate(failure('53100'), 'db:5432').message).toBe(
      "The database db:5432 has no room on its disk: free some, or drop old days with 'npm run database -- partitions' (53100)",
    );
  });
});
