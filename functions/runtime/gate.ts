import type { RecordOrder } from './contract.ts';
import type { Delivery } from './delivery.ts';

/**
 * Keeps order while a record waits (for its handler's promise, or for its next try): those that must not overtake it
 * queue up behind it. With order per partition that is all of the lane; with order per key, those of its key.
 */
export interface Gate {
  /** True when nothing may be handed out: the lane stands still until `open` is called. */
  readonly closed: boolean;
  /** Queues the delivery when an earlier one of its order waits; true when it did. */
  queued(delivery: Delivery): boolean;
  /** The delivery waits from now on. */
  close(delivery: Delivery): void;
  /** The delivery no longer waits. Returns the next one behind it, to be handed out now; it stays closed for that. */
  next(delivery: Delivery): Delivery | undefined;
}

const noKey = '\u0000no key';

function keyOf(delivery: Delivery): string {
  return delivery.record.key === null ? noKey : delivery.record.key.toString('latin1');
}

export function createGate(order: RecordOrder): Gate {
  return order === 'partition' ? partitionGate() : keyGate();
}

function partitionGate(): Gate {
  let closed = false;
  // A batch is handed out as a whole: those behind the one that has to wait are here.
  const behind: Delivery[] = [];
  return {
    get closed() {
      return closed;
    },
    queued(delivery) {
      if (closed) behind.push(delivery);
      return closed;
    },
    close() {
      closed = true;
    },
    next() {
      const following = behind.shift();
      if (following === undefined) closed = false;
      return following;
    },
  };
}

function keyGate(): Gate {
  const behind = new Map<string, Delivery[]>();
  return {
    closed: false,
    queued(delivery) {
      if (behind.size === 0) return false; // the usual case makes no string
      const queue = behind.get(keyOf(delivery));
      queue?.push(delivery);
      return queue !== undefined;
    },
    close(delivery) {
      const key = keyOf(delivery);
      if (!behind.has(key)) behind.set(key, []);
    },
    next(delivery) {
      const key = keyOf(delivery);
      const following = behind.get(key)?.shift();
      if (following === undefined) behind.delete(key);
      return following;
    },
  };
}
