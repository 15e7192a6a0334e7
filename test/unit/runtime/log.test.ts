import { expect, test } from 'vitest';
import { messageOf, stackOf } from '../../../functions/runtime/errors.ts';
import { inert } from '../../../functions/runtime/log.ts';

test('a line of the log holds nothing that a terminal would obey, and says the same', () => {
  const fields = { text: '\u0000\u001b[31m\r\n\u007f\u009b31m\u2028\u202e\u2066\ufeff ₹ 😀 é' };
  const line = inert(JSON.stringify(fields));
  expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/u);
  expect(JSON.parse(line)).toEqual(fields);
  expect(line).toContain('₹ 😀 é');
});

test('a stack is logged with its frames, and the beginning of a long message', () => {
  const stack = stackOf(new Error(`begins ${'x'.repeat(1e6)}`)) ?? '';
  expect(stack.length).toBeLessThan(4_200);
  expect(stack).toMatch(/^Error: begins x/);
  expect(stack).toContain('log.test.ts');
  expect(stackOf(new Error('short'))).toMatch(/^Error: short\n {4}at /);
});

test('of a long message the beginning is kept, and whatever is thrown has one', () => {
  expect(messageOf(new Error('x'.repeat(1e6)))).toHaveLength(4_096);
  for (const thrown of [null, undefined, 7, '', Symbol('s'), Object.create(null)]) {
    expect(messageOf(thrown)).toBeTypeOf('string');
    expect(stackOf(thrown)).toBeUndefined();
  }
});
