import { existsSync, writeFileSync } from 'node:fs';
import { readAt } from '../doctor/records.ts';
import { CommandError } from '../support/command.ts';
import type { TopicFacts } from '../support/kafka/cluster-facts.ts';
import {
  type AnsweringCluster,
  activeBecause,
  type GroupLook,
  lookAtGroup,
  wholeTopic,
  withCluster,
} from '../support/kafka/group-look.ts';
import { offsetsAtTime } from '../support/kafka/offsets.ts';
import { count, ranges } from '../support/words.ts';
import { type Change, changeOffsets } from './change.ts';
import type { Destination } from './destination.ts';
import { type OffsetRow, offsetsFileText } from './offsets-file.ts';
import type { OffsetsOptions } from './options.ts';
import { type Lookup, type OffsetsPlan, planOffsets } from './plan.ts';
import { lastSaved, readOffsetsFile } from './saved.ts';
import { changeText, lagOf, lookText, planText, type Subject } from './text.ts';

/** What the command found and did: for a person, and for a program. */
export interface Report {
  readonly text: string;
  readonly json: object;
}

/** Does what the command line asks. */
export async function runOffsets(options: OffsetsOptions): Promise<Report> {
  const { target } = options;
  return await withCluster(target, [target.topic], async (cluster) => {
    const topic = wholeTopic(cluster, target.topic);
    const whole = await lookAtGroup(cluster, target.groupId, topic);
    const look = { ...whole, partitions: chosen(whole, options.partitions, topic) };
    const cleanup = topic.configs?.['cleanup.policy'] ?? '';
    const subject = { groupId: target.groupId, topic: topic.name, compacted: cleanup.includes('compact') };
    if (options.action === 'show') return await show(cluster, topic, subject, look);
    if (!options.isNew && whole.partitions.every(({ committed }) => committed === null)) {
      throw new CommandError(
        `group ${target.groupId} has committed nothing of ${topic.name}: correct the names, or add --new to make its first commits`,
      );
    }
    return await move(options, cluster, topic, subject, look);
  });
}

function chosen({ partitions }: GroupLook, wanted: readonly number[] | undefined, topic: TopicFacts) {
  if (wanted === undefined) return partitions;
  const missing = wanted.filter((one) => !partitions.some(({ partition }) => partition === one));
  if (missing.length > 0) {
    throw new CommandError(`${topic.name} has partitions 0 to ${partitions.length - 1}, and no ${ranges(missing)}`);
  }
  return partitions.filter(({ partition }) => wanted.includes(partition));
}

async function show(cluster: AnsweringCluster, topic: TopicFacts, subject: Subject, look: GroupLook): Promise<Report> {
  const next = look.partitions.filter((one) => lagOf(one) > 0);
  const at = new Map(next.map(({ partition, committed, low }) => [partition, Math.max(low, committed ?? low)]));
  // An answer that cannot be decoded (a batch that is not sound) only costs this extra.
  const records = await readAt(topic, at, cluster.nodes).catch(() => new Map<number, { timestamp: number }>());
  const times = new Map([...records].map(([partition, { timestamp }]) => [partition, timestamp]));
  return {
    text: lookText(subject, look, times),
    json: {
      ...{ group: subject.groupId, topic: topic.name, state: look.group.state, members: look.group.members.length },
      partitions: look.partitions.map((one) => ({
        ...{ ...one, lag: lagOf(one), nextRecordAtMs: times.get(one.partition) ?? null },
      })),
    },
  };
}

async function move(
  options: OffsetsOptions,
  cluster: AnsweringCluster,
  topic: TopicFacts,
  subject: Subject,
  look: GroupLook,
): Promise<Report> {
  const { destination, to, rows } = aim(options, cluster, topic, look);
  const times = destination.kind === 'time' ? await offsetsAtTime(topic, cluster.nodes, destination.atMs) : undefined;
  const lookup: Lookup = { ...(times ? { times } : {}), ...(rows ? { rows } : {}) };
  const plan = planOffsets(topic.name, look.partitions, destination, lookup);
  const shown = planText(subject, plan, to);
  const json = { group: subject.groupId, topic: topic.name, to, ...plan };
  if (options.action === 'plan') {
    const active = activeBecause(look.group);
    if (options.out !== undefined) writePlan(options.out, subject, plan, to);
    const next = options.out === undefined ? '' : ` Apply it with --to ${options.out}.`;
    const remark = `Nothing was changed.${next}${active === undefined ? '' : ` An apply would be refused: ${active}.`}`;
    return { text: `${shown}${remark}\n`, json: { ...json, refused: active ?? null } };
  }
  const change: Change = await changeOffsets(cluster, topic, look, plan);
  return { text: shown + changeText(subject, change), json: { ...json, ...change } };
}

/** The destination with the rows of its file, for `undo` the one that was saved last. */
function aim(
  { action, destination, to, partitions }: OffsetsOptions,
  { facts }: AnsweringCluster,
  topic: TopicFacts,
  { group }: GroupLook,
): { destination: Destination; to: string; rows?: readonly OffsetRow[] } {
  if (action === 'undo' || destination === undefined) {
    const saved = lastSaved({ clusterId: facts.clusterId, groupId: group.groupId, topic: topic.name });
    return {
      ...{ destination: { kind: 'file', path: saved.path, undo: true }, to: saved.path },
      rows: rowsOf(saved.path, saved.file.rows, topic, partitions),
    };
  }
  if (destination.kind !== 'file') return { destination, to };
  const { rows } = readOffsetsFile(destination.path);
  return { destination, to, rows: rowsOf(destination.path, rows, topic, partitions) };
}

function rowsOf(
  path: string,
  rows: readonly OffsetRow[],
  topic: TopicFacts,
  wanted: readonly number[] | undefined,
): OffsetRow[] {
  const own = rows.filter((row) => row.topic === topic.name);
  if (own.length === 0) throw new CommandError(`${path} has no offsets of ${topic.name}`);
  const partitions = topic.partitions.length;
  const beyond = own.filter(({ partition }) => partition >= partitions).map(({ partition }) => partition);
  if (beyond.length > 0) {
    throw new CommandError(
      `${path} names partitions ${ranges(beyond)} of ${topic.name}, which has 0 to ${partitions - 1}`,
    );
  }
  const absent = (wanted ?? []).filter((one) => !own.some(({ partition }) => partition === one));
  if (absent.length > 0) throw new CommandError(`${path} has no offset for partitions ${ranges(absent)}`);
  return own;
}

function writePlan(path: string, { groupId, topic }: Subject, { moves }: OffsetsPlan, to: string): void {
  if (existsSync(path)) throw new CommandError(`${path} is there already: move it, or name another with --out`);
  const rows = moves
    .filter(({ from, to: then }) => from !== then)
    .map(({ partition, from, to: then }) => ({ topic, partition, offset: then, from }));
  if (rows.length === 0) throw new CommandError(`nothing would change: ${path} is not written`);
  const facts = {
    group: groupId,
    plan: `${count(rows.length, 'partition')} to ${to}, made ${new Date().toISOString()}`,
  };
  writeFileSync(path, offsetsFileText({ facts, rows }), { mode: 0o600, flag: 'wx' });
}
