import type { CommitsOf } from './commits.ts';
import type { CommitSample } from './log.ts';
import { scanTopics } from './scan.ts';

const offsetsTopic = '__consumer_offsets';

/**
 * Every commit of a group on a topic, in the order in which the brokers took them, each with the coordinator's clock:
 * read from the topic in which Kafka keeps them, so that not one is missed and no stale answer misleads. Its segments
 * are compacted only once they are full or old (100 MB, 7 days by default), which no test reaches.
 */
export async function readCommitHistory(options: CommitsOf & { readonly timeoutMs?: number }): Promise<CommitSample[]> {
  const { bootstrapServers, groupId, topic, timeoutMs = 60_000 } = options;
  const commits: CommitSample[] = [];
  await scanTopics({
    bootstrapServers,
    topics: [offsetsTopic],
    timeoutMs,
    gapsAllowed: true,
    onRecord(_topic, _partition, { key, value, timestamp }) {
      const about = key && commitKey(key);
      if (!about || about.group !== groupId || about.topic !== topic) return;
      // Without a value the commit is deleted, with the group or because it expired.
      const commit = value ? commitValue(value) : { offset: -1, atMs: Number(timestamp) };
      commits.push({ partition: about.partition, ...commit });
    },
  });
  return commits;
}

/** OffsetCommitKey, versions 0 and 1; other versions are about something else. */
function commitKey(key: Buffer): { group: string; topic: string; partition: number } | undefined {
  if (key.readInt16BE(0) > 1) return undefined;
  const group = text(key, 2);
  const topic = text(key, group.end);
  return { group: group.value, topic: topic.value, partition: key.readInt32BE(topic.end) };
}

/** OffsetCommitValue: offset, from version 3 on the leader epoch, then the metadata, then the time of the commit. */
function commitValue(value: Buffer): { offset: number; atMs: number } {
  const version = value.readInt16BE(0);
  const offset = Number(value.readBigInt64BE(2));
  let at = version >= 3 ? 14 : 10;
  if (version < 4) {
    at += 2 + Math.max(0, value.readInt16BE(at));
  } else {
    const { length, end } = unsignedVarint(value, at);
    at = end + Math.max(0, length - 1);
  }
  return { offset, atMs: Number(value.readBigInt64BE(at)) };
}

function text(bytes: Buffer, at: number): { value: string; end: number } {
  const end = at + 2 + bytes.readInt16BE(at);
  return { value: bytes.toString('utf8', at + 2, end), end };
}

function unsignedVarint(bytes: Buffer, at: number): { length: number; end: number } {
  let length = 0;
  for (let end = at, shift = 0; ; end += 1, shift += 7) {
    const byte = bytes.readUInt8(end);
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { length, end: end + 1 };
  }
}
