import type { IHeaders, KafkaMessage } from 'kafkajs';
import { type ByteText, fingerprint, type LoggedHeaders, type LoggedRecord, type TopicLog } from './log.ts';
import { scanTopics } from './scan.ts';

export interface ReadOptions {
  /** Keeps the values' bytes beside their fingerprints. */
  readonly keepValues?: boolean;
  /** Offsets may be missing: of transactions, whose markers are no records. */
  readonly gapsAllowed?: boolean;
  /** How long to go on trying while brokers are away (default 60 s). */
  readonly timeoutMs?: number;
}

const noHeaders: LoggedHeaders = {};

/**
 * Reads whole topics as they are now, all with one consumer:
 * `const { source, outputs } = await readTopics(brokers, { source: 'market.raw', outputs: 'market.enriched' })`.
 */
export async function readTopics<Name extends string>(
  bootstrapServers: readonly string[],
  topics: Readonly<Record<Name, string>>,
  options: ReadOptions = {},
): Promise<Record<Name, TopicLog>> {
  const logs = new Map<string, LoggedRecord[][]>();
  const keys = new Map<ByteText, ByteText>();
  const wanted = new Set<string>(Object.values(topics));
  const counts = await scanTopics({
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.gapsAllowed ? { gapsAllowed: true } : {}),
    bootstrapServers,
    topics: [...wanted],
    onRecord(topic, partition, message) {
      const log = logs.get(topic) ?? [];
      logs.set(topic, log);
      log[partition] ??= [];
      log[partition].push(loggedRecord(message, keys, options.keepValues ?? false));
    },
  });
  const read = {} as Record<Name, TopicLog>;
  for (const name in topics) {
    const topic = topics[name];
    const partitions = Array.from(
      { length: counts.get(topic) ?? 0 },
      (_, partition) => logs.get(topic)?.[partition] ?? [],
    );
    read[name] = { topic, partitions };
  }
  return read;
}

function loggedRecord(message: KafkaMessage, keys: Map<ByteText, ByteText>, keepValue: boolean): LoggedRecord {
  const { key, value } = message;
  return {
    offset: Number(message.offset),
    timestampMs: Number(message.timestamp),
    key: key === null ? null : shared(key.toString('latin1'), keys),
    valueHash: value === null ? null : fingerprint(value),
    headers: loggedHeaders(message.headers),
    ...(keepValue ? { value: value === null ? null : Buffer.from(value) } : {}),
  };
}

/** One string for all records of a key. */
function shared(key: ByteText, keys: Map<ByteText, ByteText>): ByteText {
  const known = keys.get(key);
  if (known !== undefined) return known;
  keys.set(key, key);
  return key;
}

function loggedHeaders(headers: IHeaders | undefined): LoggedHeaders {
  const names = Object.keys(headers ?? {});
  if (!headers || names.length === 0) return noHeaders;
  const logged: Record<string, LoggedHeaders[string]> = {};
  for (const name of names) {
    const value = headers[name];
    logged[name] = Array.isArray(value) ? value.map(byteText) : byteText(value);
  }
  return logged;
}

function byteText(value: Buffer | string | null | undefined): ByteText | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? Buffer.from(value).toString('latin1') : value.toString('latin1');
}
