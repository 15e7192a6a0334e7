import { count, printable } from '../support/words.ts';
import type { Examination } from './examination.ts';
import { areas, type Finding, type Severity } from './finding.ts';
import { brokerLines, topicLines } from './text-cluster.ts';
import { groupLines, lagLines } from './text-group.ts';
import { deadLetterLines, recordLines } from './text-records.ts';
import { settingLines } from './text-settings.ts';

/** What a section shows: a headline for after its mark, and lines below. */
export interface Section {
  readonly headline: string;
  readonly lines: readonly string[];
}

/** How to show it. */
export interface TextOptions {
  /** Every setting with what it does and accepts. */
  readonly allSettings: boolean;
  readonly width: number;
}

const marks: Readonly<Record<Severity, string>> = { problem: '✗', warning: '!', note: '·' };

/** The report for a person. Whatever came from the cluster is escaped, line by line. */
export function examinationText(seen: Examination, options: TextOptions): string {
  const sections: Readonly<Record<(typeof areas)[number], Section | undefined>> = {
    settings: settingLines(seen.settings, options),
    cluster: brokerLines(seen),
    topics: topicLines(seen),
    group: groupLines(seen),
    lag: lagLines(seen),
    records: recordLines(seen),
    'dead letters': deadLetterLines(seen),
  };
  const lines = areas.flatMap((area) => {
    const own = seen.findings.filter((finding) => finding.area === area);
    const section = sections[area] ?? (own.length > 0 ? { headline: 'not known', lines: [] } : undefined);
    if (!section) return [];
    return [
      `${markOf(own)} ${area.padEnd(13)}${section.headline}`,
      ...section.lines,
      ...own.flatMap((finding) => findingLines(finding)),
    ];
  });
  return `${[...lines, verdict(seen.findings)].map(printable).join('\n')}\n`;
}

function markOf(findings: readonly Finding[]): string {
  if (findings.some(({ severity }) => severity === 'problem')) return marks.problem;
  return findings.some(({ severity }) => severity === 'warning') ? marks.warning : '✓';
}

function findingLines({ severity, what, cause, remedy }: Finding): string[] {
  return [`  ${marks[severity]} ${severity}: ${what}.`, `      why: ${cause}`, `      do:  ${remedy}`];
}

function verdict(findings: readonly Finding[]): string {
  const of = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  const [problems, warnings] = [of('problem'), of('warning')];
  if (problems > 0) return `${marks.problem} ${count(problems, 'problem')}, ${count(warnings, 'warning')}.`;
  return warnings > 0 ? `✓ No problems, ${count(warnings, 'warning')}.` : '✓ All is well.';
}
