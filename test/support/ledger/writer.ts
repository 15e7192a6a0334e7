import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ledgerClient, persist } from './client.ts';
import { type Fate, fingerprint } from './log.ts';
import { createSender, findLeaders, type Outgoing, type Sender } from './sender.ts';
import { createSentLog, type SentLog } from './sent.ts';
import { marketChain, marketPoison, type Specimen } from './specimens.ts';

export interface WriterOptions {
  readonly bootstrapServers: readonly string[];
  readonly topic: string;
  /** Records a second; Infinity for as many as are acknowledged. */
  readonly rate: number;
  /** How many keys, `0` and up. Key k goes to partition k modulo the topic's count, and they take turns. */
  readonly keys: number;
  /** Where a key goes instead. */
  readonly place?: (key: Buffer, partitions: number) => number;
  /** Stop writing by itself after so many records. */
  readonly count?: number;
  /** Values that must come to an output (default: valid `market.raw` snapshots of two contracts). */
  readonly value?: (keyIndex: number, sequence: number, nowMs: number) => Buffer;
  /** A share (0 to 1) of records that must not come to one (default: bad `market.raw` records of every kind). */
  readonly poison?: {
    readonly share: number;
    readonly make?: (keyIndex: number, sequence: number, nowMs: number, turn: number) => Specimen;
  };
  /** Share of records without a key, which go where their key would have gone (default 0). */
  readonly nullKeyShare?: number;
  /** Share of records with a `traceparent`; the others have no headers (default 0.1). */
  readonly tracedShare?: number;
}

/** `fateOf` goes into the judge's expectations; `reconcile` compares with the topic as read afterwards. */
export interface Writer extends Pick<SentLog, 'sent' | 'acknowledged' | 'fateOf' | 'reconcile'> {
  /** Resolves when `count` records are acknowledged. Rejects when the writer failed. */
  readonly done: Promise<void>;
  /** Stops writing and waits for the acknowledgement of all that was sent; rejects after `timeoutMs` (60 s). */
  stop(timeoutMs?: number): Promise<void>;
}

const tickMs = 10;
/** Past this it waits for acknowledgements, and the rate suffers. */
const maxOutstanding = 20_000;

/** Writes to a source topic at a steady pace, and knows what must become of each record. */
export async function startWriter(options: WriterOptions): Promise<Writer> {
  const { bootstrapServers, topic, count = Number.POSITIVE_INFINITY } = options;
  const kafka = ledgerClient(bootstrapServers, { clientId: 'ledger-writer' });
  const leaders = await persist(Date.now() + 20_000, `the partitions of ${topic}`, () => findLeaders(kafka, topic));
  if (leaders.length === 0) throw new Error(`No topic ${topic} to write to`);
  const log = createSentLog();
  const sender = await createSender({
    kafka,
    topic,
    partitions: leaders.length,
    onAcknowledged: (partition, baseOffset, records) => log.acknowledge(partition, baseOffset, records),
  });
  const next = recordMaker(options, leaders.length);
  let stopBy: number | undefined;

  async function write(): Promise<void> {
    const startMs = performance.now();
    while (stopBy === undefined && log.sent < count) {
      const elapsed = (performance.now() - startMs) / 1_000;
      const due = options.rate === Number.POSITIVE_INFINITY ? count : Math.floor(elapsed * options.rate);
      while (log.sent < Math.min(due, count) && sender.outstanding < maxOutstanding) {
        const { record, fate } = next(log.sent);
        // Known before it is sent: it may be in the topic although no answer comes.
        log.add(record, fate);
        sender.add(record);
      }
      sender.flush();
      await sleep(tickMs);
    }
    await settle(sender, () => stopBy);
  }

  const done = write().finally(() => sender.close());
  // Whoever starts a writer stops it, and hears of a failure then.
  done.catch(() => {});
  return {
    get sent() {
      return log.sent;
    },
    get acknowledged() {
      return log.acknowledged;
    },
    fateOf: log.fateOf,
    reconcile: log.reconcile,
    done,
    async stop(timeoutMs = 60_000) {
      stopBy ??= Date.now() + timeoutMs;
      await done;
    },
  };
}

async function settle(sender: Sender, stopBy: () => number | undefined): Promise<void> {
  while (sender.outstanding > 0) {
    if (Date.now() > (stopBy() ?? Number.POSITIVE_INFINITY)) {
      throw new Error(`${sender.outstanding} records are not acknowledged; last problem: ${sender.lastProblem}`);
    }
    sender.flush();
    await sleep(tickMs);
  }
}

/** Makes the records one after the other. The same options make the same mix. */
function recordMaker(
  options: WriterOptions,
  partitions: number,
): (sequence: number) => { record: Outgoing; fate: Fate } {
  const { keys, value = marketChain, place, poison, nullKeyShare = 0, tracedShare = 0.1 } = options;
  const poisonous = lottery(poison?.share ?? 0, 1);
  const keyless = lottery(nullKeyShare, 2);
  const traced = lottery(tracedShare, 3);
  const makePoison = poison?.make ?? marketPoison;
  return (sequence) => {
    const keyIndex = sequence % keys;
    const nowMs = Date.now();
    const turn = poisonous(sequence);
    const specimen: Specimen =
      turn === undefined
        ? { value: value(keyIndex, sequence, nowMs), fate: 'output' }
        : makePoison(keyIndex, sequence, nowMs, turn);
    const ownKey = Buffer.from(String(keyIndex));
    const key = keyless(sequence) === undefined ? ownKey : null;
    const trace = `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
    const record: Outgoing = {
      key: key?.toString('latin1') ?? null,
      valueHash: specimen.value && fingerprint(specimen.value),
      message: {
        key,
        value: specimen.value,
        headers: traced(sequence) === undefined ? {} : { traceparent: trace },
        timestamp: String(nowMs),
        partition: place?.(ownKey, partitions) ?? keyIndex % partitions,
      },
    };
    return { record, fate: specimen.fate };
  };
}

/** Draws a share of the sequence numbers, the same ones each time: how many were drawn before this one, or `undefined`. */
function lottery(share: number, seed: number): (sequence: number) => number | undefined {
  let drawn = 0;
  return (sequence) => {
    // Scrambled (the finish of MurmurHash3), for an even spacing would always hit the same keys.
    let bits = Math.imul(sequence + 1, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32 < share ? drawn++ : undefined;
  };
}
