import { topics as declaredTopics } from '../../infra/topics.ts';
import {
  type ClusterFacts,
  type OpenedCluster,
  openClusterFacts,
  UnreachableError,
} from '../support/kafka/cluster-facts.ts';
import { openConnections } from '../support/kafka/connections.ts';
import { diagnoseBrokers, diagnoseUnreachable } from './cluster-diagnosis.ts';
import { examineGroup, type GroupExamination } from './examine-group.ts';
import { examineRecords, type RecordsExamination } from './examine-records.ts';
import type { Finding } from './finding.ts';
import type { DoctorOptions } from './options.ts';
import { diagnosePartitions } from './partition-diagnosis.ts';
import { inspectSettings, mergedEnvironment, type SettingRow } from './settings.ts';
import { type Target, targetOf } from './target.ts';
import { diagnoseTopics, type ExpectedTopic } from './topic-diagnosis.ts';
import { unanswered } from './unanswered.ts';

/** Everything the doctor saw, and what it makes of it. */
export interface Examination {
  readonly settings: readonly SettingRow[];
  readonly target?: Target;
  readonly cluster?: ClusterFacts;
  readonly group?: GroupExamination;
  readonly records?: RecordsExamination;
  readonly findings: readonly Finding[];
}

/** Where the brokers keep committed offsets: when it is unwell, so is every group. */
const offsetsTopic = '__consumer_offsets';

/** Looks at the settings, then at what they point to. Changes nothing. */
export async function examine(options: DoctorOptions): Promise<Examination> {
  const settings = inspectSettings(options.sources);
  const target = targetOf(mergedEnvironment(options.sources));
  const findings = [...settings.findings];
  if (!target) return { settings: settings.rows, findings };

  const connections = openConnections(target.security);
  try {
    const expected = expectedTopics(target);
    const names = [...expected.map(({ name }) => name), offsetsTopic];
    const opened = await openClusterFacts(connections, target.bootstrapServers, names);
    findings.push(
      ...diagnoseBrokers(opened.facts),
      ...diagnoseTopics(expected, opened.facts.topics),
      ...diagnosePartitions(opened.facts.topics),
    );
    return { settings: settings.rows, target, ...(await examineRest(opened, target, options, findings)), findings };
  } catch (error) {
    if (error instanceof UnreachableError) findings.push(...diagnoseUnreachable(error.attempts));
    else findings.push(unanswered('cluster', 'how the cluster is', error));
    return { settings: settings.rows, target, findings };
  } finally {
    await connections.close();
  }
}

/** The group, and while its offsets have time to move, the records. */
async function examineRest(
  opened: OpenedCluster,
  target: Target,
  options: DoctorOptions,
  findings: Finding[],
): Promise<Pick<Examination, 'cluster' | 'group' | 'records'>> {
  const [group, records] = await Promise.all([
    examineGroup(opened, target, options.intervalMs),
    examineRecords(opened, target, options.sample),
  ]);
  findings.push(...group.findings, ...records.findings);
  return { cluster: opened.facts, group: group.seen, records: records.seen };
}

/** The three topics of the target; when they are the declared ones, all that are declared. */
function expectedTopics(target: Target): ExpectedTopic[] {
  const roles = [target.topic, target.outputTopic, target.deadLetterTopic];
  const byName = (name: string | undefined) => declaredTopics.find((topic) => topic.name === name);
  if (roles.every((name) => name === undefined || byName(name))) {
    return declaredTopics.map((topic) => ({ name: topic.name, like: topic, follows: topic.follows }));
  }
  const like = byName('market.raw');
  const expected: ExpectedTopic[] = [
    { name: target.topic, like: byName(target.topic) ?? like, follows: undefined },
    ...[target.outputTopic, target.deadLetterTopic].flatMap((name) =>
      name === undefined ? [] : [{ name, like: byName(name) ?? like, follows: target.topic }],
    ),
  ];
  return expected.filter(({ name }, index) => expected.findIndex((other) => other.name === name) === index);
}
