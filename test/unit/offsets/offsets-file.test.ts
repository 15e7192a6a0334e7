import { expect, test } from 'vitest';
import { offsetsFileText, parseOffsetsFile } from '../../../scripts/offsets/offsets-file.ts';

const parse = (text: string) => parseOffsetsFile('a.csv', text);

test('what is written is what is read', () => {
  const file = {
    facts: { group: 'processor-group', plan: '2 partitions to latest' },
    rows: [
      { topic: 'market.raw', partition: 0, offset: 12, from: null },
      { topic: 'market.raw', partition: 1, offset: null },
    ],
  };
  expect(parse(offsetsFileText(file))).toEqual(file);
});

test("what kafka-consumer-groups writes is read: quotes, header, Windows' line ends", () => {
  const { rows } = parse('topic,partition,offset\r\n"market.raw",0,7\r\n\r\nmarket.raw, 1 , 8\r\n');
  expect(rows).toEqual([
    { topic: 'market.raw', partition: 0, offset: 7 },
    { topic: 'market.raw', partition: 1, offset: 8 },
  ]);
});

test.each([
  ['market.raw,0,7\nmarket.raw,1', "a.csv, line 2: expected topic,partition,offset, found 'market.raw,1'"],
  ['a b,0,7', "a.csv, line 1, field topic: expected the name of a topic, found 'a b'"],
  ['market.raw,x,7', "a.csv, line 1, field partition: expected the number of a partition, found 'x'"],
  ['# note\nmarket.raw,0,-1', "a.csv, line 2, field offset: expected an offset, or 'none', found '-1'"],
  ['market.raw,0,9999999999999999', 'a.csv, line 1, field offset'],
  ['market.raw,0,1,1.5', "a.csv, line 1, field from: expected an offset, or 'none', found '1.5'"],
  ['market.raw,0,1\nmarket.raw,0,2', 'a.csv, line 2, field partition: market.raw/0 is on line 1 already'],
  ['market.raw,\u001b[2J,1', "found '\\u{1b}[2J'"],
  ['# nothing\n', 'a.csv has no offsets'],
])('%j is refused, with line and field', (text, said) => {
  expect(() => parse(text)).toThrow(said);
});
