import { parkedTopicOf } from '../functions/runtime/parking.ts';

/** The topic settings that this project declares; Kafka's defaults hold for all others. */
export interface TopicConfigs {
  readonly 'cleanup.policy': 'delete' | 'compact';
  /** With replication 3, a write that is acknowledged survives the loss of any one broker, and waits for no third. */
  readonly 'min.insync.replicas': string;
  readonly 'retention.ms': string;
  /** The largest batch of records the brokers take, in bytes. */
  readonly 'max.message.bytes': string;
  /**
   * `producer`: brokers store batches as they come. Any other value makes each leader inflate and compress every batch
   * again, and readers need the codec.
   */
  readonly 'compression.type': 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  /** The segment that is written to is never compacted: of a compacted topic it has to end early. */
  readonly 'segment.bytes'?: string;
  readonly 'segment.ms'?: string;
  readonly 'min.cleanable.dirty.ratio'?: string;
}

/** One topic, as it must be on every cluster. */
export interface TopicDeclaration {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs: TopicConfigs;
  /**
   * The topic whose records cause this one's. A record of its partition p goes to partition p modulo this topic's
   * count, which must divide the other's: a key then stays in order from end to end.
   */
  readonly follows?: string;
  /**
   * Nobody relies on the order of its keys: partitions may be added at any time. Elsewhere `npm run topics` refuses
   * that, since the keys that move to another partition would lose their order.
   */
  readonly unordered?: true;
}

const dayMs = 86_400_000;
/** The contract's 1 MB. */
const recordBytes = 1_048_576;
/** A dead letter is its record, untouched, and up to some KB of headers that say why; a parked key's note has that key. */
const deadLetterBytes = recordBytes + 65_536;
/** What a mapping gives up on: a record of 1 MB takes 1.4 MB in Base64, and its envelope some more. */
const undeliveredBytes = 2 * recordBytes;

function largestBytes(name: string): number {
  if (name.endsWith('.undelivered')) return undeliveredBytes;
  return /\.(dlq|parked)$/.test(name) ? deadLetterBytes : recordBytes;
}

function topic(name: string, partitions: number, retentionDays: number, follows?: string): TopicDeclaration {
  return {
    name,
    partitions,
    replicationFactor: 3,
    configs: {
      'cleanup.policy': 'delete',
      'min.insync.replicas': '2',
      'retention.ms': String(retentionDays * dayMs),
      'max.message.bytes': String(largestBytes(name)),
      'compression.type': 'producer',
    },
    ...(follows === undefined ? {} : { follows }),
    ...(name.endsWith('.undelivered') ? { unordered: true } : {}),
  };
}

/** What an owner reads of each partition before it begins is little more than the latest notes. */
const earlyCompaction = {
  'segment.bytes': String(16 * 1_048_576),
  'segment.ms': '3600000',
  'min.cleanable.dirty.ratio': '0.1',
} as const;

/** The topics of wire contract version 1, and those where a Lambda mapping puts what it gives up on. */
export const topics: readonly TopicDeclaration[] = [
  topic('market.raw', 60, 7),
  topic('market.enriched', 60, 7, 'market.raw'),
  topic('analytics.results', 30, 7, 'market.enriched'),
  topic('market.raw.dlq', 12, 30, 'market.raw'),
  topic('market.enriched.dlq', 12, 30, 'market.enriched'),
  topic('market.raw.undelivered', 12, 30),
  topic('market.enriched.undelivered', 12, 30),
];

/** What is wrong with a set of declarations, one line each; empty when nothing is. */
export function declarationProblems(declared: readonly TopicDeclaration[]): string[] {
  const problems: string[] = [];
  for (const { name, partitions, follows } of declared) {
    if (declared.filter((other) => other.name === name).length > 1) problems.push(`${name} is declared twice`);
    if (follows === undefined) continue;
    const source = declared.find((other) => other.name === follows);
    if (!source) problems.push(`${name} follows ${follows}, which is not declared`);
    else if (source.partitions % partitions !== 0) {
      problems.push(
        `${name} has ${partitions} partitions, which do not divide the ${source.partitions} of ${follows}: keys would lose their order`,
      );
    }
  }
  return [...new Set(problems)];
}

/** How much longer a journal keeps its notes than its dead-letter topic the records: brokers delete whole segments. */
const journalMarginDays = 30;

/**
 * The journal of a dead-letter topic: which of its records were redriven or discarded. `npm run dead-letters` makes it when
 * it first changes something. One partition: notes are few and small, and are read from the beginning. A note must outlive
 * its dead letter, or that would be redriven again; so its retention follows that of the dead letters (-1: for ever).
 */
export function journalOf(deadLetters: string, replicationFactor: number, retentionMs: number): TopicDeclaration {
  const declared = topic(`${deadLetters}${journalSuffix}`, 1, 0);
  const retention = retentionMs < 0 ? -1 : retentionMs + journalMarginDays * dayMs;
  const replicas = { 'min.insync.replicas': String(Math.min(2, replicationFactor)) };
  const configs = { ...declared.configs, ...replicas, 'retention.ms': String(retention) };
  return { ...declared, replicationFactor, configs };
}

/** The topic where functions with `park: true` keep which keys are parked: as many partitions as their source, which it follows. */
export function parkedOf(deadLetters: string, partitions: number, source?: string): TopicDeclaration {
  const declared = topic(parkedTopicOf(deadLetters), partitions, 7, source);
  return { ...declared, configs: { ...declared.configs, 'cleanup.policy': 'compact', ...earlyCompaction } };
}

/** What the name of a journal has more than that of its dead-letter topic. */
export const journalSuffix = '.journal';
