import { randomUUID } from 'node:crypto';
import type { InboundRecord, Logger } from './contract.ts';
import { DependencyDownError, messageOf } from './errors.ts';
import { afterRequest, merged, type ParkedKey, type ReleaseRequest } from './parking.ts';
import { type OutboundRecord, type Publisher, wireBytes } from './publisher.ts';

/** Where a function's parked keys are kept: a compacted topic with a partition for each of the source. */
export interface ParkedTopic {
  readonly publisher: Publisher;
  /** Reads a partition from an offset on, up to all that is stored by now. Resolves to the offset behind. */
  read(partition: number, from: number, onRecord: (key: Buffer, value: Buffer | null) => void): Promise<number>;
}

/** The parked keys of one partition, for one assignment of it. Keys are of one byte a character. */
export interface PartitionState {
  /** Empty until `ready`. */
  readonly keys: ReadonlyMap<string, ParkedKey>;
  readonly ready: boolean;
  /**
   * Reads what the owners before have left.
   * @throws DependencyDownError
   */
  load(): Promise<void>;
  /** Resolves once all in-sync replicas have it. */
  put(key: string, parked: ParkedKey, signal: AbortSignal): Promise<void>;
  /** Looks, at most once a second, whether somebody asked for the release of a key; resolves to how it is then. */
  look(key: string): Promise<ParkedKey | undefined>;
}

interface Found {
  readonly key: string;
  readonly owner: string;
  readonly bytes: Buffer;
  readonly value: Buffer;
}

/** In place of an owner, in the keys of what the dead-letters command asks. */
export const requester = 'release';
const lookEveryMs = 1_000;

/**
 * The key of a parked key's record. Each owner writes records of its own, and takes back those that it has taken over
 * only once its own are stored: what a frozen one writes late then overwrites nothing that is newer.
 */
export function stateKey(topic: string, functionName: string, owner: string, key: string): Buffer {
  return Buffer.from(`${topic}/${functionName}/${owner}/${key}`, 'latin1');
}

/** Takes a key of the topic apart; undefined for what is none. The key that is parked has one byte a character. */
export function parseStateKey(
  bytes: Buffer,
): [topic: string, functionName: string, owner: string, key: string] | undefined {
  const [, topic, name, owner, key] = /^([^/]*)\/([^/]*)\/([^/]*)\/(.*)$/s.exec(bytes.toString('latin1')) ?? [];
  if (topic === undefined || name === undefined || owner === undefined || key === undefined) return undefined;
  return [topic, name, owner, key];
}

/**
 * Reads the value of a record of the topic. A request has `last` alone.
 * @throws Error that names the record
 */
export function parseNote(partition: number, key: Buffer, value: Buffer): ParkedKey {
  try {
    const note = JSON.parse(value.toString());
    if (!Number.isInteger(note?.last)) throw new Error("expected a whole number as 'last'");
    return note;
  } catch (error) {
    const name = JSON.stringify(key.toString().slice(0, 200));
    throw new Error(
      `partition ${partition} has no readable note under key ${name} (${messageOf(error)}): write a right one, or delete it with a null value`,
    );
  }
}

export function createPartitionState(
  { publisher, read }: ParkedTopic,
  /** The first record of the assignment. */
  first: InboundRecord,
  functionName: string,
): PartitionState {
  const { topic, partition } = first;
  const own = randomUUID().slice(0, 13);
  const keys = new Map<string, ParkedKey>();
  const requests = new Map<string, ReleaseRequest>();
  /** Who else has written of a key. */
  const others = new Map<string, Set<string>>();
  let ready = false;
  let next = 0;
  let lookedAtMs = 0;
  let reading: Promise<void> | undefined;

  /** One reading at a time: all that wait want the same. */
  function readOn(takeKeys: boolean): Promise<void> {
    reading ??= readTo(takeKeys).finally(() => {
      reading = undefined;
    });
    return reading;
  }

  async function readTo(takeKeys: boolean): Promise<void> {
    // The latest of each: compaction need not have come by.
    const found = new Map<string, Found>();
    try {
      const end = await read(partition, next, (bytes, value) => {
        const [of, name, owner, key] = parseStateKey(bytes) ?? [];
        if (of !== topic || name !== functionName || owner === undefined || key === undefined) return;
        if (value === null) found.delete(`${owner}/${key}`);
        else found.set(`${owner}/${key}`, { key, owner, bytes, value });
      });
      // All or none is taken, and then is not read again.
      const notes = [...found.values()].map((one) => ({ ...one, note: parseNote(partition, one.bytes, one.value) }));
      for (const { key, owner, note } of notes) {
        if (owner === requester) requests.set(key, note);
        else if (takeKeys) {
          keys.set(key, merged(keys.get(key), note));
          others.set(key, (others.get(key) ?? new Set()).add(owner));
        }
      }
      next = end;
    } catch (error) {
      const message = `Topic ${publisher.topic} cannot be read, and no record goes on until it is known what is parked`;
      throw new DependencyDownError(`${message}: ${messageOf(error)}`, error);
    }
    lookedAtMs = performance.now();
  }

  function publish(
    owner: string,
    key: string,
    value: string | null,
    receipt: Parameters<Publisher['publish']>[3],
  ): void {
    const record: OutboundRecord = { key: stateKey(topic, functionName, owner, key), value, headers: {} };
    publisher.publish(partition, record, wireBytes(record), receipt, keys);
  }

  /** What this owner has taken over says the same, or less: it may go. */
  function takeBack(key: string): void {
    for (const owner of others.get(key) ?? []) publish(owner, key, null, ignored);
    others.delete(key);
  }

  return {
    keys,
    get ready() {
      return ready;
    },
    async load() {
      await readOn(true);
      if (ready) return;
      ready = true;
      for (const [key, parked] of keys) {
        // Nothing of it can come again.
        if (!parked.released || parked.last >= first.offset || parked.poison.at >= first.offset) continue;
        takeBack(key);
        keys.delete(key);
      }
    },
    put(key, parked, signal) {
      if (keys.get(key) === parked) return Promise.resolve();
      keys.set(key, parked);
      return new Promise((resolve, reject) => {
        const abandon = (): void => {
          publisher.cancel(keys);
          reject(signal.reason);
        };
        signal.addEventListener('abort', abandon, { once: true });
        if (signal.aborted) return abandon();
        publish(own, key, JSON.stringify(parked), {
          acknowledged() {
            signal.removeEventListener('abort', abandon);
            takeBack(key);
            resolve();
          },
          refused: (error) => reject(new DependencyDownError(error.message, error)),
        });
      });
    },
    async look(key) {
      if (performance.now() - lookedAtMs > lookEveryMs) await readOn(false);
      const parked = keys.get(key);
      return parked && afterRequest(parked, requests.get(key));
    },
  };
}

const ignored = { acknowledged: () => undefined, refused: () => undefined };

/** A logger's words for a key. */
export function tellParked(log: Logger, before: ParkedKey | undefined, { handled, last, released }: ParkedKey): void {
  const fields = { handled, last };
  if (released && before?.released === false) log.info(fields, 'Key released: its records are handled again');
  else if (!released && before?.released !== false)
    log.warn(fields, 'Key parked: its records wait in the dead-letter topic');
}
