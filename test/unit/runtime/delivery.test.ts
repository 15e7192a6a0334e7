import { describe, expect, test } from 'vitest';
import { Delivery, emit, outputsOf } from '../../../functions/runtime/delivery.ts';
import { createRecord, type RecordFields } from '../../../functions/runtime/testing.ts';
import { createPublisher } from '../../support/fakes.ts';

const nobody = { finished: () => undefined, refused: () => undefined };
const from = (fields: RecordFields): Delivery => new Delivery(createRecord(fields), nobody);

describe('the outputs of a result', () => {
  test('are a list, whatever was returned', () => {
    const output = { value: 'x' };
    expect(outputsOf(undefined)).toEqual([]);
    expect(outputsOf(null)).toEqual([]);
    expect(outputsOf([])).toEqual([]);
    expect(outputsOf(output)).toEqual([output]);
    expect(outputsOf([output, output])).toEqual([output, output]);
  });

  test('may hold text, bytes and tombstones', () => {
    const outputs = [{ value: 'x' }, { value: Buffer.from('x') }, { value: null }, { value: '', key: null }];
    expect(outputsOf(outputs)).toBe(outputs);
  });

  test.each<[garbage: object, message: string]>([
    [{}, 'whose value is missing: a Buffer, a string or null was expected'],
    [{ value: 1 }, 'whose value is number: '],
    [{ value: 'x', key: 'text' }, 'whose key is string: a Buffer or null was expected'],
    [{ value: 'x', headers: { n: 1 } }, 'whose header n is number: a Buffer or a string was expected'],
  ])('%j: a bug, with what was expected', (garbage, message) => {
    expect(() => outputsOf(garbage as never)).toThrow(message);
  });
});

describe('an output', () => {
  test('carries its source, and a trace of the input', () => {
    const publisher = createPublisher();
    const traceparent = Buffer.from('00-4bf9-01');
    const other = Buffer.from('stays behind');
    emit(from({ topic: 'in', partition: 7, offset: 42, headers: { traceparent, other } }), [{ value: 'x' }], publisher);
    expect(publisher.sent[0]?.record.headers).toEqual({ source: 'in/7/42', traceparent });
  });

  test('has its own headers beside, but not another source', () => {
    const publisher = createPublisher();
    const headers = { source: 'a lie', traceparent: 'its own', kind: Buffer.from('k') };
    emit(from({ topic: 'in', headers: { traceparent: Buffer.from('t') } }), [{ value: 'x', headers }], publisher);
    const sent = { ...publisher.sent[0]?.record.headers };
    expect(sent).toEqual({ source: 'in/0/0', traceparent: 'its own', kind: Buffer.from('k') });
  });

  test('may have a header called __proto__', () => {
    const publisher = createPublisher();
    const headers = Object.defineProperty({}, '__proto__', { value: Buffer.from('p'), enumerable: true });
    emit(from({}), [{ value: 'x', headers }], publisher);
    const sent = publisher.sent[0]?.record.headers ?? {};
    const names: string[] = [];
    for (const name in sent) names.push(name); // as the encoder does
    expect(names.sort()).toEqual(['__proto__', 'source']);
  });

  test('keeps the key of the input unless it has its own', () => {
    const publisher = createPublisher();
    const key = Buffer.from([0, 255]);
    emit(from({ key }), [{ value: '1' }, { value: '2', key: null }, { value: '3', key: Buffer.from('k') }], publisher);
    expect(publisher.sent.map(({ record }) => record.key)).toEqual([key, null, Buffer.from('k')]);
  });

  test.each([
    [5, 4, 1],
    [59, 60, 59],
    [59, 30, 29],
    [3, 1, 0],
  ])('of partition %i goes, among %i, to %i', (partition, partitionCount, expected) => {
    const publisher = createPublisher({ partitionCount });
    emit(from({ partition }), [{ value: 'x' }], publisher);
    expect(publisher.sent[0]?.partition).toBe(expected);
  });

  test('of the largest size goes, and of a byte more takes the others with it', () => {
    const value = 'x'.repeat(200);
    const delivery = from({ key: 'k' });
    const sizes = [300, 299, 298].map((maxRecordBytes) => createPublisher({ maxRecordBytes }));
    const fits = sizes.filter((publisher) => {
      try {
        emit(
          delivery,
          [{ value: 'small' }, { value: `${value}${'y'.repeat(300 - 200 - 32 - 1 - 8 - 6 - 8)}` }],
          publisher,
        );
        return true;
      } catch {
        expect(publisher.sent).toEqual([]);
        return false;
      }
    });
    expect(fits).toHaveLength(1);
  });
});

describe('a delivery', () => {
  test('is finished at the last answer', () => {
    const finished: Delivery[] = [];
    const delivery = new Delivery(createRecord(), { ...nobody, finished: (one) => finished.push(one) });
    const publisher = createPublisher();
    emit(delivery, [{ value: '1' }, { value: '2' }], publisher);
    publisher.acknowledge(1);
    expect(finished).toEqual([]);
    publisher.acknowledge(1);
    expect(finished).toEqual([delivery]);
  });
});
