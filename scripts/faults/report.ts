import { table } from '../support/table.ts';
import { type Judgement, longestExitMs, quantile, seconds } from './judgement.ts';
import type { Reported } from './outcome.ts';
import type { Promised, Scenario } from './scenario.ts';

/** All repeats of one scenario with one application. */
export interface ScenarioReport {
  readonly scenario: Scenario;
  readonly application: string;
  readonly promised: Promised;
  readonly outcomes: readonly Reported[];
  readonly judgement: Judgement;
  /** Of repeats without a story: as they were drawn when they ran. */
  readonly drawings?: readonly string[];
}

const columns = [
  '',
  'records',
  'lost',
  'doubled',
  'disorder',
  'ahead',
  'unaccounted',
  'silence s',
  'recovered s',
  'exit s',
  'MB',
] as const;

/** The table that a person reads: a row a repeat, then the quantiles, then what is promised. */
export function reportText({ scenario, application, promised, outcomes, judgement }: ScenarioReport): string {
  const rows = outcomes.map((outcome, index) => [`repeat ${index + 1}`, ...cells(outcome)]);
  const over = (share: number): string[] => [
    `p${share * 100}`,
    ...figures.map(({ of, show }) => {
      const values = outcomes.map(of).filter((value) => value !== undefined);
      return values.length === 0 ? '-' : show(quantile(values, share));
    }),
  ];
  const quantiles = outcomes.length > 1 ? [over(0.5), over(0.95)] : [];
  const upTo = (value: number | undefined, show: (value: number) => string): string =>
    value === undefined ? '' : show(value);
  const due = ['promised', '', '0', upTo(promised.doubled, String), '0', '0', '0'];
  const dueTimes = [promised.silenceMs, promised.recoveredMs, promised.exitMs].map((ms) => upTo(ms, seconds));
  const lines = table(
    rightAligned([columns, ...rows, ...quantiles, [...due, ...dueTimes, upTo(promised.peakMb, String)]]),
  );
  return [
    `${scenario.name} (${application}): ${scenario.summary}`,
    ...lines,
    ...judgement.broken.map((line) => `  BROKEN  ${line}`),
    ...outcomes.flatMap(({ examples }, index) => examples.map((text) => `          repeat ${index + 1}: ${text}`)),
    ...outcomes.flatMap(({ counts: { filtered } }, index) =>
      filtered > 0
        ? [`  removed repeat ${index + 1}: ${filtered} records, before they were read: none of the lost`]
        : [],
    ),
    ...judgement.slow.map((line) => `  slow    ${line}`),
    '',
  ].join('\n');
}

/** All but the first column: where nothing is promised or measured the cell is no number. */
function rightAligned(rows: readonly (readonly string[])[]): string[][] {
  return rows.map((row) =>
    row.map((cell, column) => {
      const width = Math.max(...rows.map((other) => other[column]?.length ?? 0));
      return column === 0 ? cell : cell.padStart(width);
    }),
  );
}

interface Figure {
  readonly of: (outcome: Reported) => number | undefined;
  readonly show: (value: number) => string;
}

const figures: readonly Figure[] = [
  { of: ({ counts }) => counts.inputs, show: String },
  { of: ({ lost }) => lost, show: String },
  { of: ({ doubled }) => doubled, show: String },
  { of: ({ reordered }) => reordered, show: String },
  { of: ({ commitsAhead }) => commitsAhead, show: String },
  { of: ({ unaccounted }) => unaccounted, show: String },
  { of: ({ silenceMs }) => silenceMs, show: seconds },
  { of: ({ recoveredMs }) => recoveredMs, show: seconds },
  { of: longestExitMs, show: seconds },
  { of: ({ peakMb }) => peakMb, show: String },
];

function cells(outcome: Reported): string[] {
  return figures.map(({ of, show }) => {
    const value = of(outcome);
    return value === undefined ? '-' : show(value);
  });
}

/** The same for a program: figures by repeat and as quantiles, without what only drawings need. */
export function reportJson({ scenario, application, promised, outcomes, judgement }: ScenarioReport): object {
  const of = (figure: (outcome: Reported) => number | undefined) => {
    const values = outcomes.map(figure).filter((value) => value !== undefined);
    return values.length === 0 ? null : { p50: quantile(values, 0.5), p95: quantile(values, 0.95) };
  };
  return {
    ...{ scenario: scenario.name, application, promised, ...judgement },
    doubled: of(({ doubled }) => doubled),
    silenceMs: of(({ silenceMs }) => silenceMs),
    recoveredMs: of(({ recoveredMs }) => recoveredMs),
    exitMs: of(longestExitMs),
    peakMb: of(({ peakMb }) => peakMb),
    repeats: outcomes.map(({ story: _, ...outcome }) => outcome),
  };
}
