import { describe, expect, test } from 'vitest';
import { Delivery } from '../../../functions/runtime/delivery.ts';
import { createGate } from '../../../functions/runtime/gate.ts';
import { createRecord } from '../../../functions/runtime/testing.ts';

const nobody = { finished: () => undefined, refused: () => undefined };
const delivery = (key: Buffer | string | null): Delivery => new Delivery(createRecord({ key }), nobody);

describe('a gate per key', () => {
  test('queues those of a key that waits, and lets them out one by one', () => {
    const gate = createGate('key');
    const [first, second, third] = [delivery('a'), delivery('a'), delivery('a')];
    gate.close(first);
    expect(gate.queued(second)).toBe(true);
    expect(gate.queued(third)).toBe(true);
    expect(gate.next(first)).toBe(second);
    expect(gate.next(second)).toBe(third);
    expect(gate.next(third)).toBeUndefined();
    expect(gate.queued(delivery('a'))).toBe(false);
  });

  test('never closes the lane, and holds no other key', () => {
    const gate = createGate('key');
    gate.close(delivery('a'));
    expect(gate.closed).toBe(false);
    expect(gate.queued(delivery('b'))).toBe(false);
    expect(gate.queued(delivery(null))).toBe(false);
  });

  test('tells keys apart by their bytes, and no key from an empty one', () => {
    const gate = createGate('key');
    gate.close(delivery(Buffer.from([0xff])));
    gate.close(delivery(''));
    expect(gate.queued(delivery(Buffer.from([0xfe])))).toBe(false);
    expect(gate.queued(delivery(null))).toBe(false);
    expect(gate.queued(delivery(Buffer.from([0xff])))).toBe(true);
  });

  test('stays closed when it is closed twice', () => {
    const gate = createGate('key');
    const [first, second] = [delivery('a'), delivery('a')];
    gate.close(first);
    gate.queued(second);
    gate.close(first);
    expect(gate.next(first)).toBe(second);
  });
});

describe('a gate per partition', () => {
  test('closes the lane while one waits, whatever its key', () => {
    const gate = createGate('partition');
    const first = delivery('a');
    expect(gate.closed).toBe(false);
    gate.close(first);
    expect(gate.closed).toBe(true);
    expect(gate.next(first)).toBeUndefined();
    expect(gate.closed).toBe(false);
  });

  test('queues the rest of a batch behind it', () => {
    const gate = createGate('partition');
    const [first, second] = [delivery('a'), delivery('b')];
    expect(gate.queued(first)).toBe(false);
    gate.close(first);
    expect(gate.queued(second)).toBe(true);
    expect(gate.next(first)).toBe(second);
    expect(gate.closed).toBe(true);
    expect(gate.next(second)).toBeUndefined();
    expect(gate.closed).toBe(false);
  });
});
