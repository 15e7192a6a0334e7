import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inLines, inOneLine, utf8 } from '../../../scripts/dead-letters/bytes-text.ts';

const harmless = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]*$/u;

test('no bytes come to a terminal as anything but themselves', () => {
  const nasty = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
    fc.string({ unit: 'binary', maxLength: 100 }).map((text) => Buffer.from(text)),
    fc
      .constantFrom('\u001b[2J', '\u009b31m', '\u202eevil', 'a\r\nb\u2028c', '\u001b]8;;http://x\u0007')
      .map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(nasty, fc.nat(200), (bytes, most) => {
      expect(inOneLine(bytes)).toMatch(harmless);
      for (const line of inLines(bytes, most)) {
        expect(line).toMatch(harmless);
        // Each has a margin: no line of a value passes for one of the command's.
        expect(line).toMatch(/^ {2}(\| |[0-9a-f]{8} {2}|… \d+ bytes more)/);
      }
    }),
  );
});

test('text is shown as text, other bytes as a dump, and how much is left out is said', () => {
  expect(utf8(Buffer.of(0xc3, 0x28))).toBeUndefined();
  expect(inOneLine(null)).toBe('null');
  expect(inOneLine(Buffer.of(0xff, 0x00))).toBe('hex:ff00');
  expect(inOneLine(Buffer.from('x'.repeat(100)))).toBe(`${'x'.repeat(80)}… (100 bytes)`);
  expect(inLines(Buffer.from('{"a":\n1}'), 100)).toEqual(['  | {"a":', '  | 1}']);
  expect(inLines(Buffer.of(0xff, 0x41), 100)).toEqual([`  00000000  ${'ff 41'.padEnd(48)} .A`]);
  expect(inLines(Buffer.from('abcdef'), 4)).toEqual(['  | abcd', '  … 2 bytes more (--bytes)']);
});
