import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inflate } from '../../../functions/kafka/wire/inflate.ts';
import { WireError } from '../../../functions/kafka/wire/wire-error.ts';
import { readEveryCodec } from '../../../scripts/support/kafka/codecs.ts';
import fixtures from '../../fixtures/codecs/batches.json' with { type: 'json' };
import { frameHeads, lz4Block, lz4Frame, made, type Step, snappyBlock, snappyStream } from '../../support/packers.ts';
import { read, sealed } from './batches.ts';
import { decodeWithKafkajs } from './kafkajs-codec.ts';

const codecs = { snappy: 2, lz4: 3 } as const;
type Codec = keyof typeof codecs;
const bytesOf = (name: keyof typeof fixtures): Buffer => Buffer.from(fixtures[name], 'base64');
const long = Buffer.from('abcdefghi\n'.repeat(7_000));

const unpack = (codec: Codec, packed: Buffer): Buffer => inflate(codecs[codec], packed, { left: 1e9, room: 1e9 });

describe.each(['lz4', 'snappy'] as const)('%s of Java', (codec) => {
  test.each([0, 1, 2] as const)('in format %i', (format) => {
    const { records, next } = read([bytesOf(`${codec} ${format}`)]);
    expect(records.map(({ offset, timestamp, key, value }) => [offset, timestamp, String(key), String(value)])).toEqual(
      ['a', 'b', 'c'].map((part, offset) => [
        offset,
        format === 0 ? -1 : 1_763_874_000_123,
        'key',
        `written by Java in ${codec}: ${part}`,
      ]),
    );
    expect(next).toBe(3);
  });

  test('in several blocks', () => {
    const [record] = read([bytesOf(`${codec} long`)]).records;
    expect(record?.value?.equals(long)).toBe(true);
  });
});

test('kafkajs, which by itself reads neither, does so with our codecs', async () => {
  await expect(decodeWithKafkajs(bytesOf('lz4 2'))).rejects.toThrow('not implemented');
  readEveryCodec();
  for (const name of ['lz4 2', 'snappy 2'] as const) {
    const { records } = await decodeWithKafkajs(bytesOf(name));
    expect(records.map(({ value }) => String(value))).toEqual(
      ['a', 'b', 'c'].map((part) => `written by Java in ${name.slice(0, -2)}: ${part}`),
    );
  }
});

test('a block of snappy alone, as librdkafka writes it', () => {
  expect(unpack('snappy', bytesOf('snappy block')).equals(long)).toBe(true);
});

test('streams of snappy, and frames of LZ4, that follow one another are one content', () => {
  const one = snappyStream([snappyBlock([{ bytes: Buffer.from('a') }]), snappyBlock([{ bytes: Buffer.from('b') }])]);
  expect(String(unpack('snappy', Buffer.concat([one, one])))).toBe('abab');
  const frames = Buffer.concat([bytesOf('lz4 stored'), bytesOf('lz4 linked'), bytesOf('lz4 stored')]);
  expect(unpack('lz4', frames).subarray(256, -256).equals(long)).toBe(true);
});

describe('frames of the command lz4', () => {
  test('whose blocks go back into the one before, have checksums, or are stored', () => {
    expect(unpack('lz4', bytesOf('lz4 linked')).equals(long)).toBe(true);
    expect(unpack('lz4', bytesOf('lz4 summed')).equals(long)).toBe(true);
    expect([...unpack('lz4', bytesOf('lz4 stored'))]).toEqual(Array.from({ length: 256 }, (_, index) => index));
  });

  test('with any bit bent are no sound LZ4: each is of the head, a length or what has a checksum', () => {
    const whole = bytesOf('lz4 stored');
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const bent = Buffer.from(whole);
      bent.writeUInt8((bent[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3);
      expect(() => unpack('lz4', bent), `bit ${bit}`).toThrow('The batch is no sound lz4: ');
    }
  });
});

const [a, b] = [{ bytes: Buffer.from('a') }, { bytes: Buffer.from('bcde') }];
const { independent, linked } = frameHeads;
const raw = (hex: string): Buffer => Buffer.from(hex, 'hex');
const framed = (hex: string): Buffer => lz4Frame(independent, [raw(hex)]);

describe('is refused, and nothing is made of it', () => {
  test.each<[string, Buffer, string]>([
    ['nothing', raw(''), 'cut short'],
    ['no end', snappyBlock([b]).subarray(0, -1), '4 bytes were announced where 3 are left'],
    ['a distance of 0', snappyBlock([b, { distance: 0, length: 4 }]), 'it goes 0 bytes back where 4 were made'],
    ['a distance to before the start', snappyBlock([b, { distance: 5, length: 4 }]), 'it goes 5 bytes back'],
    ['a distance of 4 bytes', raw('0400610f000000f0'), 'it goes 4026531840 bytes back'],
    [
      'a distance into another block',
      snappyStream([snappyBlock([b]), snappyBlock([{ distance: 1, length: 4 }])]),
      '0 were',
    ],
    ['a repetition that is cut', raw('050461620d'), 'cut short'],
    ['a literal of 4 GB', raw('04fcffffffff61'), '4294967296 bytes were announced where 1 are left'],
    ['a literal whose length is cut', raw('04f4ff'), 'cut short'],
    ['less than was announced', snappyBlock([a], 2), 'makes 1 bytes where it announced 2'],
    ['more than was announced', snappyBlock([b], 3), 'makes 4 bytes where it announced 3'],
    ['4 GB announced', snappyBlock([b], 2 ** 32 - 1), 'makes 4 bytes where it announced 4294967295'],
    ['an endless announcement', raw('ffffffffffffffff'), 'a length does not end'],
    ['a head that is cut', snappyStream([]).subarray(0, 15), 'a head is cut short'],
    ['a block below 0', Buffer.concat([snappyStream([]), raw('80000000')]), 'a block of -2147483648 bytes where 0 are'],
    ['a block behind the end', Buffer.concat([snappyStream([]), raw('7fffffff00')]), 'a block of 2147483647 bytes'],
    ['a block without anything', snappyStream([raw('')]), 'cut short'],
    ['a length that is cut', Buffer.concat([snappyStream([snappyBlock([a])]), raw('000000')]), 'a block of -1 bytes'],
  ])('snappy: %s', (_, packed, message) => {
    expectRefusal('snappy', packed, message);
  });

  test.each<[string, Buffer, string]>([
    ['nothing', raw(''), 'cut short'],
    ['another magic number', raw('02214c18604082000000000000'), 'it does not begin as a frame'],
    ['another version', raw('04224d182040820000000000'), 'it does not begin as a frame'],
    ['a dictionary', raw('04224d186140820000000000'), 'it does not begin as a frame'],
    ['blocks of no size', raw('04224d186030820000000000'), 'it does not begin as a frame'],
    ['a head with another checksum', raw('04224d1860408300000000'), 'the checksum of a head is wrong'],
    ['a head alone', independent, 'cut short'],
    ['a head that is cut', raw('04224d1868408200'), 'cut short'],
    ['no end mark', lz4Frame(independent, [lz4Block([a])]).subarray(0, -1), 'cut short'],
    ['a block behind the end', Buffer.concat([independent, raw('05000000')]), 'a block ends 5 bytes behind the end'],
    ['a block of 2 GB', Buffer.concat([independent, raw('ffffffff')]), 'a block ends 2147483647 bytes behind the end'],
    ['a block larger than blocks are', lz4Frame(independent, [Buffer.alloc(65_537)], true), 'more than 65536 bytes'],
    [
      'a block that makes too much',
      lz4Frame(linked, [lz4Block([a, { distance: 1, length: 65_536 }])]),
      'more than 65536',
    ],
    ['a distance of 0', lz4Frame(linked, [lz4Block([b, { distance: 0, length: 4 }])]), 'it goes 0 bytes back'],
    ['a distance to before the start', lz4Frame(linked, [lz4Block([b, { distance: 5, length: 4 }])]), '5 bytes back'],
    ['a repetition first', framed('0001000000'), 'it goes 1 bytes back where 0 were made'],
    [
      'a distance into a block that stands alone',
      lz4Frame(independent, [lz4Block([b]), lz4Block([{ distance: 1, length: 4 }])]),
      'it goes 1 bytes back where 0 were made',
    ],
    [
      'a distance into the frame before',
      Buffer.concat([lz4Frame(linked, [lz4Block([b])]), lz4Frame(linked, [lz4Block([{ distance: 1, length: 4 }])])]),
      'it goes 1 bytes back where 0 were made',
    ],
    ['literals behind the end', framed('5061'), '5 bytes were announced where 1 are left'],
    ['a length that does not end', framed('f0ffffff'), 'a length does not end'],
    ['a length of a repetition that does not end', framed('1f610100ff'), 'a length does not end'],
    ['a distance that is cut', framed('106101'), 'a block does not end in literals'],
    ['a repetition last', framed('10610100'), 'a block does not end in literals'],
    ['something behind it', Buffer.concat([lz4Frame(independent, []), raw('00')]), 'cut short'],
  ])('LZ4: %s', (_, packed, message) => {
    expectRefusal('lz4', packed, message);
  });

  function expectRefusal(codec: Codec, packed: Buffer, message: string): void {
    const budget = { left: 100, room: 100 };
    let refusal: unknown;
    try {
      inflate(codecs[codec], packed, budget);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(WireError);
    expect(refusal).toMatchObject({ kind: 'corrupt', message: expect.stringContaining(`no sound ${codec}: `) });
    expect((refusal as WireError).message).toContain(message);
    expect(budget.left).toBe(100);
  }

  test('what makes more than 64 MB, before memory is taken for it', () => {
    const step = { distance: 1, length: 64 };
    const snappy = snappyBlock([a, ...new Array<Step>(1_048_576).fill(step)]);
    const block = lz4Block([a, { distance: 1, length: 4_194_303 }]);
    const lz4 = (blocks: number): Buffer => lz4Frame(frameHeads.large, new Array<Buffer>(blocks).fill(block));
    const before = process.memoryUsage().arrayBuffers;
    expect(() => unpack('snappy', snappy)).toThrow('The batch inflates to more than 67108864 bytes (snappy)');
    expect(() => unpack('lz4', lz4(17))).toThrow('The batch inflates to more than 67108864 bytes (lz4)');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32_000_000);
    expect(unpack('lz4', lz4(16))).toHaveLength(67_108_864);
  });
});

describe('of any steps', () => {
  const literal = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => ({ bytes: Buffer.from(bytes) }));
  const repetition = fc.record({ back: fc.nat(), length: fc.integer({ min: 4, max: 64 }) });
  /** Each repetition goes back to something: how far is cut to what there is. */
  const steps = fc.array(fc.oneof(literal, repetition), { minLength: 1, maxLength: 30 }).map((parts) => {
    const list: Step[] = [{ bytes: Buffer.from('first') }];
    let length = 5;
    for (const part of parts) {
      list.push('bytes' in part ? part : { distance: 1 + (part.back % length), length: part.length });
      length += 'bytes' in part ? part.bytes.length : part.length;
    }
    return list;
  });

  test('is what they make', () => {
    fc.assert(
      fc.property(steps, steps, (one, two) => {
        const [first, second] = [made(one), made(two)];
        const both = Buffer.concat([first, second]);
        expect(unpack('snappy', snappyBlock(one))).toEqual(first);
        expect(unpack('snappy', snappyStream([snappyBlock(one), snappyBlock(two)]))).toEqual(both);
        expect(unpack('lz4', lz4Frame(independent, [lz4Block(one), lz4Block(two)]))).toEqual(both);
        const back = [{ distance: first.length, length: 4 }, ...two];
        const joined = Buffer.concat([first, made(back, [...first])]);
        expect(unpack('lz4', lz4Frame(linked, [lz4Block(one), lz4Block(back)]))).toEqual(joined);
      }),
      { numRuns: 200 },
    );
  });

  const change = fc.record({
    at: fc.nat(),
    drop: fc.integer({ min: 0, max: 4 }),
    put: fc.uint8Array({ maxLength: 4 }),
  });

  test('bent anywhere it is refused, or is the same each time: bytes of nobody else are handed out', () => {
    fc.assert(
      fc.property(steps, steps, fc.array(change, { minLength: 1, maxLength: 4 }), (one, two, changes) => {
        const bent = (packed: Buffer): Buffer => {
          let bytes = packed;
          for (const { at, drop, put } of changes) {
            const cut = at % (bytes.length + 1);
            bytes = Buffer.concat([bytes.subarray(0, cut), put, bytes.subarray(cut + drop)]);
          }
          return bytes;
        };
        const blocks = [snappyBlock(one), snappyBlock(two)] as const;
        same('snappy', bent(blocks[0]));
        same('snappy', bent(snappyStream(blocks)));
        same('lz4', lz4Frame(linked, [bent(lz4Block(one)), bent(lz4Block(two))]));
        same('lz4', bent(lz4Frame(independent, [lz4Block(one), lz4Block(two)])));
        for (const codec of ['lz4', 'snappy'] as const) {
          const batch = bytesOf(`${codec} 2`);
          const body = bent(batch.subarray(61));
          try {
            read([sealed(Buffer.concat([batch.subarray(0, 61), body]))]);
          } catch (error) {
            expect(error).toBeInstanceOf(WireError);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  function same(codec: Codec, packed: Buffer): void {
    const answers = [1, 2].map(() => {
      try {
        return unpack(codec, packed).toString('latin1');
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
        return String(error);
      }
    });
    expect(answers[0]).toBe(answers[1]);
  }
});
