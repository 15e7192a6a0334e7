import { describe, expect, test } from 'vitest';
import { parseTrace } from '../../../scripts/simulate/trace.ts';

const parse = (text: string): Float64Array => parseTrace('t.csv', text, 0).rates;

describe('parseTrace', () => {
  test('holds a rate until the next line', () => {
    expect([...parse('seconds,rate\n0,10\n3,20.5\n# noon\n\n5,0\n')]).toEqual([10, 10, 10, 20.5, 20.5, 0]);
    expect([...parse('\uFEFF2,1e3\r\n3,5\r\n')]).toEqual([0, 0, 1_000, 5]);
  });

  test.each([
    ['0,10\n1,fast\n', "t.csv:2: rate: expected records/s from 0 to 1000000000, not 'fast'"],
    ['0,10\n1,-5\n', "t.csv:2: rate: expected records/s from 0 to 1000000000, not '-5'"],
    ['0,10\n1,1e10\n', 't.csv:2: rate: expected'],
    ['0,10\n1,Infinity\n', 't.csv:2: rate: expected'],
    ['0,10\n1.5,5\n', "t.csv:2: seconds: expected a whole number below 604800 (a week), not '1.5'"],
    ['0,10\n900000,5\n', 't.csv:2: seconds: expected a whole number below 604800'],
    ['5,10\n5,11\n', 't.csv:2: seconds: expected more than the 5 of the line before, not 5'],
    ['seconds,rate\n0,1,2\n', 't.csv:2: expected two fields, seconds,rate, not 3'],
    ['0\n', 't.csv:1: expected two fields, seconds,rate, not 1'],
    ['', 't.csv: expected lines of seconds,rate; it has none'],
    ['seconds,rate\n', 't.csv: expected lines of seconds,rate; it has none'],
    ['0,1\n1,\u001b[31mred\n', "t.csv:2: rate: expected records/s from 0 to 1000000000, not '?[31mred'"],
  ])('refuses %j', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  test('names every line that is wrong, up to ten', () => {
    expect(() => parse('0,a\n1,2\n2,c\n')).toThrow(/t\.csv:1: .*\nt\.csv:3: /);
    expect(() => parse(Array.from({ length: 13 }, (_, second) => `${second},x`).join('\n'))).toThrow(/and 3 more$/);
  });
});
