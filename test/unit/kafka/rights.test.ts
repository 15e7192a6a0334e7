import { expect, test } from 'vitest';
import {
  decodeDescribeGroupsResponse,
  decodeMetadataResponse,
  encodeDescribeGroupsRequest,
  encodeMetadataRequest,
} from '../../../functions/kafka/wire/rights.ts';

const int32 = (...values: number[]) =>
  Buffer.concat(values.map((value) => Buffer.from(Int32Array.of(value).buffer).swap32()));
const int16 = (value: number) => Buffer.from(Int16Array.of(value).buffer).swap16();
const text = (value: string) => Buffer.concat([int16(value.length), Buffer.from(value)]);

test('requests ask for what the user may do', () => {
  expect(encodeMetadataRequest(['ab']).toString('hex')).toBe('0000000100026162000001');
  expect(encodeDescribeGroupsRequest('g').toString('hex')).toBe('0000000100016701');
});

test('rights are read out of metadata, past brokers and partitions', () => {
  const broker = Buffer.concat([int32(1), text('host'), int32(9092), int16(-1)]);
  const partition = Buffer.concat([int16(0), int32(0, 1, 5), int32(2, 1, 2), int32(1, 1), int32(0)]);
  const topic = (name: string, errorCode: number, operations: number, partitions: Buffer[]) =>
    Buffer.concat([
      int16(errorCode),
      text(name),
      Buffer.from([0]),
      int32(partitions.length),
      ...partitions,
      int32(operations),
    ]);
  const topics = [topic('a', 0, 0b1_0000_1000, [partition, partition]), topic('b', 29, -(2 ** 31), [])];
  const answer = [int32(7), int32(1), broker, text('cluster'), int32(1), int32(2), ...topics, int32(-(2 ** 31))];
  expect(decodeMetadataResponse(Buffer.concat(answer))).toEqual({
    throttleMs: 7,
    found: [
      { name: 'a', errorCode: 0, operations: 0b1_0000_1000 },
      { name: 'b', errorCode: 29, operations: -(2 ** 31) },
    ],
  });
});

test('rights are read out of a group, past its members', () => {
  const member = Buffer.concat([text('id'), text('client'), text('host'), int32(1), Buffer.from([9]), int32(0)]);
  const group = [
    int16(0),
    text('g'),
    text('Stable'),
    text('consumer'),
    text('range'),
    int32(2),
    member,
    member,
    int32(8),
  ];
  expect(decodeDescribeGroupsResponse(Buffer.concat([int32(0, 1), ...group]))).toEqual({
    throttleMs: 0,
    found: [{ name: 'g', errorCode: 0, operations: 8 }],
  });
});
