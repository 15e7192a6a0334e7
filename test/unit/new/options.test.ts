import { describe, expect, test } from 'vitest';
import { deployedFunctions } from '../../../infra/serverless/functions.ts';
import { topics as declared, parkedOf, type TopicDeclaration } from '../../../infra/topics.ts';
import { type NewFlags, type NewFunction, newFunction } from '../../../scripts/new/options.ts';
import { UsageError } from '../../../scripts/support/command.ts';

const taken = new Set(['digest', 'runProcess', 'processorDefinition']);
const present = ['functions/processor', 'test/unit/doctor'];
/** Those of the contract: what else was declared since is nothing to these cases. */
const topics = declared.slice(0, 5);
const functions = deployedFunctions.slice(0, 3);
const around = { taken, topics, functions, exists: (path: string) => present.includes(path) };

const plan = (name: string, flags: NewFlags = {}): NewFunction => newFunction([name], flags, around);

function problemsOf(positionals: readonly string[], flags: NewFlags = {}): string {
  try {
    newFunction(positionals, flags, around);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return 'none';
}

describe('a name', () => {
  test('has the shapes that code and templates need', () => {
    expect(plan('quote-spreads')).toMatchObject({ identifier: 'quoteSpreads', typeName: 'QuoteSpreads' });
    expect(plan('top-10')).toMatchObject({ identifier: 'top10', typeName: 'Top10' });
  });

  test.each([
    '',
    'Quotes',
    'quote_spreads',
    '-a',
    'a-',
    'a--b',
    '1st',
    'a/b',
    '../a',
    '.',
    'a b',
    'a.b',
    "a'b",
    'é',
    'a\n',
  ])('%j is not well-formed', (name) =>
    expect(problemsOf([name])).toMatch(/^the name is .*but takes lower-case words/),
  );

  test.each([
    ['delete', 'reserved'],
    ['runtime', 'reserved'],
    ['process', 'reserved'],
    ['to-string', 'reserved'],
    ['processor', 'there is a function processor already'],
    ['doctor', 'test/unit/doctor is there already'],
    ['digest', 'is taken'],
    ['run-process', 'is taken'],
    ['expect', 'is taken'],
    ['a'.repeat(41), 'at most 40'],
  ])('%s is refused: %s', (name, why) => expect(problemsOf([name])).toContain(why));

  test('must be given, once', () => {
    expect(problemsOf([])).toContain('takes the name');
    expect(problemsOf(['a', 'b'])).toContain("'b' is more");
  });
});

describe('keys that are parked', () => {
  test('take their topic, with as many partitions as the source', () => {
    expect(plan('spreads', { source: 'quotes', park: true })).toMatchObject({
      park: true,
      declare: [
        ...['quotes', 'spreads', 'quotes.dlq'].map((name) => ({ name })),
        { name: 'quotes.dlq.parked', partitions: 60, follows: 'quotes', parkedOf: 'quotes.dlq' },
      ],
    });
    expect(plan('spreads').park).toBe(false);
  });

  test('take the order of keys and one record at a time, and fit what is declared', () => {
    expect(problemsOf(['spreads'], { park: true, order: 'partition' })).toContain('--park takes --order key');
    expect(problemsOf(['spreads'], { park: true, batch: true })).toContain('no --batch');
    const within = (parked: TopicDeclaration) =>
      newFunction(['spreads'], { park: true }, { ...around, topics: [...topics, parked] });
    expect(within(parkedOf('market.raw.dlq', 60)).declare.map(({ name }) => name)).toEqual(['spreads']);
    expect(() => within(parkedOf('market.raw.dlq', 30))).toThrow('with 60 partitions, as market.raw has, and not 30');
    const { configs, ...rest } = parkedOf('market.raw.dlq', 60);
    const forgets = { ...rest, configs: { ...configs, 'cleanup.policy': 'delete' } } as const;
    expect(() => within(forgets)).toThrow('with cleanup.policy compact');
  });
});

test('all that is wrong comes at once', () => {
  const flags = { source: 'a/b', output: '..', 'dead-letters': 'dead', group: 'é', order: 'time' };
  const problems = problemsOf(['Bad', 'more'], flags).split('; ');
  expect(problems.map((one) => one.slice(0, 13))).toEqual([
    'it takes one ',
    'the name is "',
    '--source is "',
    '--output is "',
    '--group is "é',
    "--order is 't",
    '--dead-letter',
  ]);
});

describe('topics', () => {
  test('that are not declared yet are, those of the defaults too', () => {
    expect(plan('spreads')).toMatchObject({
      ...{
        source: 'market.raw',
        output: 'spreads',
        deadLetters: 'market.raw.dlq',
        group: 'spreads-group',
        order: 'key',
      },
      declare: [{ name: 'spreads', partitions: 60, retentionDays: 7, follows: 'market.raw' }],
    });
    expect(plan('spreads', { source: 'quotes' }).declare).toMatchObject([
      { name: 'quotes', partitions: 60 },
      { name: 'spreads', partitions: 60, follows: 'quotes' },
      { name: 'quotes.dlq', partitions: 12, retentionDays: 30, follows: 'quotes' },
    ]);
  });

  test('keep the order of a key: their counts divide the source’s', () => {
    expect(plan('totals', { source: 'analytics.results' }).declare).toMatchObject([
      { name: 'totals', partitions: 30 },
      { name: 'analytics.results.dlq', partitions: 10 },
    ]);
    expect(plan('totals', { output: 'analytics.results' })).toMatchObject({ outputPartitions: 'divides', declare: [] });
    expect(problemsOf(['totals'], { source: 'analytics.results', output: 'market.enriched' })).toContain(
      'do not divide',
    );
  });

  test('lead back to the source through no other function', () => {
    const back = (source: string, output: string) =>
      problemsOf(['spreads'], { source, output, 'dead-letters': 'spreads.dlq' });
    expect(back('market.enriched', 'market.raw')).toContain(
      'leads back to --source market.enriched, through processor',
    );
    expect(back('analytics.results', 'market.raw')).toContain('through processor and analytics: it would read');
    expect(back('market.raw', 'market.enriched')).toBe('none'); // beside the processor
    expect(back('analytics.results', 'quotes')).toBe('none');
    // By way of what dies: it would come back for ever.
    expect(back('market.raw.dlq', 'market.raw')).toContain('--output market.raw leads back to --source market.raw.dlq');
    const repair = { name: 'repair', source: 'spreads.dlq', output: 'market.raw', deadLetters: 'r.dlq', group: 'g' };
    const flags = { source: 'market.raw', output: 'x', 'dead-letters': 'spreads.dlq' };
    expect(() => newFunction(['spreads'], flags, { ...around, functions: [...functions, repair] })).toThrow(
      '--dead-letters spreads.dlq leads back to --source market.raw, through repair',
    );
    const loop = { name: 'loop', source: 'x', output: 'y', deadLetters: 'x.dlq', group: 'g' };
    const loops = { ...around, functions: [...functions, loop, { ...loop, source: 'y', output: 'x' }] };
    expect(newFunction(['spreads'], { source: 'market.raw', output: 'x' }, loops).output).toBe('x');
  });

  test('are three, and a new one for dead letters is known by its name', () => {
    expect(problemsOf(['spreads'], { output: 'market.raw' })).toContain('must be three topics');
    expect(problemsOf(['spreads'], { 'dead-letters': 'dead' })).toContain('ends in .dlq');
  });
});
