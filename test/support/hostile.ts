import type { OutboundRecord } from '../../functions/runtime/publisher.ts';
import { encodeHeaders } from '../../functions/runtime/wire-headers.ts';

/** A record that means harm, and the code of the dead letter that it must become. */
export interface HostileRecord {
  readonly name: string;
  readonly code: 'DECODE_FAILED' | 'CONTRACT_VIOLATED';
  readonly record: OutboundRecord;
  /** Whether it only fits in a topic when its batch is compressed. */
  readonly compress?: boolean;
}

const megabyte = 1_000_000;
const ansi = '\u001b[2J\u001b]0;title\u0007\u009b31m\u202e\ufeff\r\n{"level":50,"msg":"forged"}';

function valued(value: Buffer | string, key: Buffer | string = 'key'): OutboundRecord {
  return { key: Buffer.from(key), value: Buffer.from(value), headers: {} };
}

function headed(list: Parameters<typeof encodeHeaders>[0]): OutboundRecord {
  return { ...valued('{}'), wireHeaders: encodeHeaders(list) };
}

/** `count` headers of two bytes of name and one of value, as they stand on the wire: few bytes, and many objects. */
function flood(count: number): OutboundRecord {
  const bytes = Buffer.alloc(count * 5);
  for (let index = 0; index < count; index += 1) {
    bytes.set([4, 0x61 + (index % 26), 0x61 + (Math.floor(index / 26) % 26), 2, 0x78], index * 5);
  }
  return { ...valued('{}'), wireHeaders: { count, bytes } };
}

/** Values, keys and headers that have hurt somebody. The value is bad in each: it must become a dead letter, as it is. */
export const hostileRecords: readonly HostileRecord[] = [
  { name: 'a megabyte of [', code: 'DECODE_FAILED', record: valued('['.repeat(megabyte)) },
  { name: 'nesting that ends', code: 'CONTRACT_VIOLATED', record: valued('['.repeat(4e5) + ']'.repeat(4e5)) },
  { name: 'nested objects', code: 'CONTRACT_VIOLATED', record: valued(`${'{"a":'.repeat(1e5)}1${'}'.repeat(1e5)}`) },
  { name: '__proto__', code: 'CONTRACT_VIOLATED', record: valued('{"__proto__":{"symbol_id":1,"polluted":1}}') },
  {
    name: 'constructor and prototype',
    code: 'CONTRACT_VIOLATED',
    record: valued('{"constructor":{"prototype":{"polluted":1}},"prototype":1,"hasOwnProperty":1,"toString":1}'),
  },
  { name: 'one number of a megabyte', code: 'CONTRACT_VIOLATED', record: valued('9'.repeat(megabyte)) },
  {
    name: 'a megabyte of decimals',
    code: 'CONTRACT_VIOLATED',
    record: valued(`{"symbol_id":0.${'1'.repeat(megabyte)}}`),
  },
  { name: 'a huge exponent', code: 'CONTRACT_VIOLATED', record: valued(`{"symbol_id":1e${'9'.repeat(1_000)}}`) },
  { name: 'invalid UTF-8', code: 'DECODE_FAILED', record: valued(Buffer.from([0x22, 0xff, 0xc0, 0xaf, 0x22])) },
  { name: 'an encoded surrogate', code: 'DECODE_FAILED', record: valued(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])) },
  { name: 'a lone surrogate', code: 'CONTRACT_VIOLATED', record: valued('{"symbol_id":1,"symbol":"\\ud800"}') },
  { name: 'a name twice', code: 'CONTRACT_VIOLATED', record: valued('{"symbol_id":1,"symbol_id":-1}') },
  {
    name: 'sixty thousand names',
    code: 'CONTRACT_VIOLATED',
    record: valued(`{${Array.from({ length: 6e4 }, (_, index) => `"${index}":1`).join()}}`),
  },
  { name: 'escapes for a terminal', code: 'DECODE_FAILED', record: valued(ansi, ansi) },
  { name: 'escapes in a field', code: 'CONTRACT_VIOLATED', record: valued(JSON.stringify({ symbol_id: ansi })) },
  {
    name: 'escapes in headers',
    code: 'CONTRACT_VIOLATED',
    record: headed([
      [ansi, Buffer.from(ansi)],
      ['error.message', Buffer.from(ansi)],
    ]),
  },
  {
    name: 'headers that no object keeps',
    code: 'CONTRACT_VIOLATED',
    record: headed([
      ['b', Buffer.from('1')],
      ['10', null],
      ['b', Buffer.from('2')],
      ['9', Buffer.alloc(0)],
      ['', null],
      ['__proto__', Buffer.from('x')],
      ['b', null],
      ['traceparent', Buffer.from('00-1')],
      ['traceparent', Buffer.from('00-2')],
    ]),
  },
  {
    name: 'a header whose name is no UTF-8',
    code: 'CONTRACT_VIOLATED',
    record: { ...valued('{}'), wireHeaders: { count: 1, bytes: Buffer.from([4, 0xff, 0xc0, 2, 0x78]) } },
  },
  { name: 'sixty thousand headers', code: 'CONTRACT_VIOLATED', record: flood(60_000) },
  { name: 'three million headers', code: 'CONTRACT_VIOLATED', record: flood(3_000_000), compress: true },
  { name: 'a value of 50 MB', code: 'CONTRACT_VIOLATED', record: valued(Buffer.alloc(50e6, '[')), compress: true },
];

/** A record whose batch, compressed, inflates to more than is read. */
export const bomb: OutboundRecord = valued(Buffer.alloc(68_000_000, ' '));
