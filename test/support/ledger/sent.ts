import type { ByteText, Fate, LoggedRecord, TopicLog } from './log.ts';
import type { Violation } from './verdict.ts';

/** What a writer remembers of a record: enough to know it again in the topic. */
export interface SentRecord {
  readonly key: ByteText | null;
  readonly valueHash: string | null;
}

/** How what was sent compares with what the topic holds. The topic is the truth; this checks the writer. */
export interface Reconciliation {
  readonly sent: number;
  readonly acknowledged: number;
  readonly stored: number;
  /** More copies of a value in the topic than were sent: a send whose answer was lost was repeated. Each is an input. */
  readonly repeated: number;
  /** Empty, unless the writer or the cluster cheats: an acknowledged record is not there, or one never sent is. */
  readonly problems: readonly Violation[];
}

export interface SentLog {
  readonly sent: number;
  readonly acknowledged: number;
  add(record: SentRecord, fate: Fate): void;
  acknowledge(partition: number, baseOffset: number, records: readonly SentRecord[]): void;
  /** What must become of a record of the topic, known by its value; `undefined` when this writer never sent it. */
  fateOf(record: LoggedRecord): Fate | undefined;
  reconcile(source: TopicLog): Reconciliation;
}

interface Acknowledged {
  readonly partition: number;
  readonly baseOffset: number;
  readonly records: readonly SentRecord[];
}

interface Known {
  readonly fate: Fate;
  sent: number;
}

export function createSentLog(): SentLog {
  const known = new Map<string | null, Known>();
  const acknowledgements: Acknowledged[] = [];
  let sent = 0;
  let acknowledged = 0;
  return {
    get sent() {
      return sent;
    },
    get acknowledged() {
      return acknowledged;
    },
    add({ valueHash }, fate) {
      const entry = known.get(valueHash) ?? { fate, sent: 0 };
      if (entry.fate !== fate) throw new Error(`One value cannot have two fates: ${entry.fate} and ${fate}`);
      entry.sent += 1;
      known.set(valueHash, entry);
      sent += 1;
    },
    acknowledge(partition, baseOffset, records) {
      acknowledgements.push({ partition, baseOffset, records });
      acknowledged += records.length;
    },
    fateOf: ({ valueHash }) => known.get(valueHash)?.fate,
    reconcile(source) {
      const problems = [...missing(source, acknowledgements)];
      const copies = new Map<string | null, number>();
      let stored = 0;
      for (const [partition, records] of source.partitions.entries()) {
        stored += records.length;
        for (const { valueHash, offset } of records) {
          copies.set(valueHash, (copies.get(valueHash) ?? 0) + 1);
          if (!known.has(valueHash))
            problems.push({ at: `${source.topic}/${partition}/${offset}`, detail: 'never sent' });
        }
      }
      let repeated = 0;
      for (const [valueHash, count] of copies) repeated += Math.max(0, count - (known.get(valueHash)?.sent ?? count));
      return { sent, acknowledged, stored, repeated, problems };
    },
  };
}

/** Records that a broker acknowledged and that are not where it said. */
function* missing(source: TopicLog, acknowledgements: readonly Acknowledged[]): Generator<Violation> {
  for (const { partition, baseOffset, records } of acknowledgements) {
    const log = source.partitions[partition] ?? [];
    const base = log[0]?.offset ?? 0;
    for (const [index, { key, valueHash }] of records.entries()) {
      const offset = baseOffset + index;
      const stored = log[offset - base];
      if (stored && stored.key === key && stored.valueHash === valueHash) continue;
      const detail = stored ? 'acknowledged here, and another record is stored' : 'acknowledged, and not stored';
      yield { at: `${source.topic}/${partition}/${offset}`, detail };
    }
  }
}
