import fc from 'fast-check';
import { expect, test } from 'vitest';
import { envelopeHeaders, readBody, redriveCount, redrivenBody } from '../../../scripts/dead-letters/raw-headers.ts';
import { bodyOf, envelopeOf, type TestHeader } from '../../support/raw-body.ts';

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const content = fc.option(bytes, { nil: null });
/** Names of all kinds: text, bytes that are none, empty ones, those that come twice, and near misses of the envelope's. */
const name = fc.oneof(
  bytes,
  fc.constantFrom('a', 'a', '', 'error.', 'error.codes', 'Error.Code', 'redrive.counts', '__proto__'),
);
const own = fc
  .array(fc.tuple(name, content))
  .filter((list) => list.every(([one]) => !envelopeHeaders.has(Buffer.from(one as string).toString('latin1'))));
const envelope = envelopeOf({ topic: 'market.raw', partition: 3, offset: 17, timestamp: 5 });

/** One list put into another, each in its own order. */
function merged<Item>(a: readonly Item[], b: readonly Item[], turns: readonly boolean[]): Item[] {
  const [left, right] = [[...a], [...b]];
  return Array.from({ length: a.length + b.length }, (_, index) => {
    const from = (turns[index % Math.max(1, turns.length)] ?? true) ? left : right;
    return (from.shift() ?? (from === left ? right : left).shift()) as Item; // as many as there are
  });
}

test('a redriven body is that of the record that died, to the byte, and counted once', () => {
  fc.assert(
    fc.property(content, content, own, fc.array(fc.boolean()), (key, value, headers, turns) => {
      const dead = bodyOf(key, value, merged(headers, envelope, turns));
      const first = redrivenBody(dead);
      expect(first).toEqual(bodyOf(key, value, [...headers, ['redrive.count', '1']]));
      // Dies again, and goes again: the count stays where it is.
      const again = bodyOf(key, value, merged([...headers, ['redrive.count', '1']], envelope, turns));
      expect(redrivenBody(again)).toEqual(bodyOf(key, value, [...headers, ['redrive.count', '2']]));
    }),
  );
});

test('headers are read as they stand, names and values as bytes', () => {
  fc.assert(
    fc.property(content, content, own, (key, value, headers) => {
      const read = readBody(bodyOf(key, value, headers));
      expect([read.key, read.value]).toEqual([key, value]);
      expect(read.headers.map((one) => [Buffer.from(one.name, 'latin1'), one.value])).toEqual(
        headers.map(([one, held]) => [Buffer.from(one as string), held]),
      );
    }),
  );
});

test.each<[header: TestHeader[], count: number]>([
  [[], 0],
  [[['redrive.count', '7']], 7],
  [[['redrive.count', null]], 1],
  [[['redrive.count', '-3']], 1],
  [[['redrive.count', 'many']], 1],
  [
    [
      ['redrive.count', '2'],
      ['redrive.count', '9'],
    ],
    2,
  ],
])('counts %j as redriven %i times, and one header says so afterwards', (headers, count) => {
  const body = bodyOf('k', 'v', [['a', 'b'], ...headers, ['c', 'd']]);
  expect(redriveCount(readBody(body).headers)).toBe(count);
  const counted: TestHeader = ['redrive.count', String(count + 1)];
  const placed: TestHeader[] = headers.length > 0 ? [counted, ['c', 'd']] : [['c', 'd'], counted];
  expect(redrivenBody(body)).toEqual(bodyOf('k', 'v', [['a', 'b'], ...placed]));
});

test('bytes that are no body are refused', () => {
  expect(() => readBody(Buffer.from([20, 1]))).toThrow('were announced where');
  expect(() => redrivenBody(bodyOf('k', 'v', [['a', 'b']]).subarray(0, -1))).toThrow('were announced where');
});
