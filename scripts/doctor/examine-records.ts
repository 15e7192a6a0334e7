import { journalName, readJournal } from '../dead-letters/journal.ts';
import type { OpenedCluster, TopicFacts } from '../support/kafka/cluster-facts.ts';
import { withCluster } from '../support/kafka/group-look.ts';
import { type Extent, readExtents } from '../support/kafka/offsets.ts';
import { type DeadLetterReport, diagnoseDeadLetters, inspectDeadLetters } from './dead-letters.ts';
import { type DelayReport, diagnoseDelay, measureDelay, newestOutputs } from './delay.ts';
import type { Finding } from './finding.ts';
import { readAt, readTail, type Sample } from './records.ts';
import { diagnoseSources, inspectSources, type SourceReport } from './sources.ts';
import type { Target } from './target.ts';
import { unanswered } from './unanswered.ts';

/** What was read back; what could not be, or was not there, is absent. */
export interface RecordsExamination {
  readonly sources?: SourceReport;
  readonly delay?: DelayReport;
  readonly deadLetters?: DeadLetterReport;
}

interface Seen<Part> {
  readonly seen: Part;
  readonly findings: readonly Finding[];
}

/** Reads the ends of the output and the dead-letter topic. Never rejects: what cannot be read is a finding. */
export async function examineRecords(
  opened: OpenedCluster,
  target: Target,
  most: number,
): Promise<Seen<RecordsExamination>> {
  const existing = (name: string | undefined) =>
    opened.facts.topics.find((topic) => topic.name === name && topic.error === undefined);
  const output = existing(target.outputTopic);
  const deadLetters = existing(target.deadLetterTopic);
  const nothing: Seen<RecordsExamination> = { seen: {}, findings: [] };
  const parts = await Promise.all([
    output ? guarded(output.name, examineOutput(output, existing(target.topic), target.topic, opened, most)) : nothing,
    deadLetters ? guarded(deadLetters.name, examineDeadLetters(deadLetters, target, opened, most)) : nothing,
  ]);
  return {
    seen: Object.assign({}, ...parts.map(({ seen }) => seen)),
    findings: parts.flatMap(({ findings }) => findings),
  };
}

async function guarded(topic: string, work: Promise<Seen<RecordsExamination>>): Promise<Seen<RecordsExamination>> {
  try {
    return await work;
  } catch (error) {
    const problem = unanswered('records', `what is in ${topic}`, error);
    return { seen: {}, findings: [{ ...problem, severity: 'warning' }] };
  }
}

async function examineOutput(
  output: TopicFacts,
  source: TopicFacts | undefined,
  sourceName: string,
  opened: OpenedCluster,
  most: number,
): Promise<Seen<RecordsExamination>> {
  const sample = await readTail(output, await readExtents(output, opened.nodes), most, opened.nodes);
  const sources = inspectSources(sample.records, sourceName, output.partitions.length);
  const findings = [...incomplete(sample, output.name), ...diagnoseSources(sources, output.name, sourceName)];
  const newest = newestOutputs(sample.records, sourceName);
  if (!source || newest.size === 0) return { seen: { sources }, findings };
  const held = await readExtents(source, opened.nodes);
  const inputs = new Map([...newest].map(([partition, { offset }]) => [partition, offset] as const).filter(isIn(held)));
  const delay = measureDelay(newest, await readAt(source, inputs, opened.nodes));
  if (!delay) return { seen: { sources }, findings };
  return { seen: { sources, delay }, findings: [...findings, ...diagnoseDelay(delay, output.name, Date.now())] };
}

/** To ask for an offset that the topic does not hold is to wait for nothing. */
function isIn(extents: readonly Extent[]) {
  const held = new Map(extents.map((extent) => [extent.partition, extent]));
  return ([partition, offset]: readonly [number, number]): boolean => {
    const extent = held.get(partition);
    return extent !== undefined && offset >= extent.low && offset < extent.end;
  };
}

async function examineDeadLetters(
  topic: TopicFacts,
  target: Target,
  opened: OpenedCluster,
  most: number,
): Promise<Seen<RecordsExamination>> {
  const extents = await readExtents(topic, opened.nodes);
  const sample = await readTail(topic, extents, most, opened.nodes);
  const journal = await withCluster(target, [journalName(topic.name)], (found) => readJournal(found, topic.name));
  const deadLetters = inspectDeadLetters(extents, sample.records, journal.notes);
  return {
    seen: { deadLetters },
    findings: [...incomplete(sample, topic.name), ...diagnoseDeadLetters(deadLetters, topic.name, Date.now())],
  };
}

function incomplete({ records, wanted }: Sample, topic: string): Finding[] {
  if (records.length >= wanted) return [];
  return [
    {
      severity: 'note',
      area: 'records',
      what: `only ${records.length} of the last ${wanted} records of ${topic} were read back`,
      cause: 'They are large or far away, a leader did not answer in time, or some offsets hold no record.',
      remedy: 'Ask for fewer with --sample.',
    },
  ];
}
