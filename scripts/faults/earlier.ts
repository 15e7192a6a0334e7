import { existsSync, readFileSync } from 'node:fs';
import { CommandError } from '../support/command.ts';
import type { RunConditions } from './html-report.ts';
import type { Reported } from './outcome.ts';
import type { Promised } from './scenario.ts';

/** What a report of an earlier run holds. */
export interface Earlier {
  readonly entries: readonly Entry[];
  /** Under which conditions, at least one. */
  readonly runs: readonly RunConditions[];
  /** By scenario. */
  readonly drawings: ReadonlyMap<string, readonly string[]>;
}

/** All repeats of one scenario with one application. */
export interface Entry {
  readonly name: string;
  readonly application: string;
  readonly promised: Promised;
  readonly outcomes: readonly Reported[];
}

const embedded = /<script type="application\/json" id="figures">(.*?)<\/script>/s;
const section = /<h2>([a-z-]+)<\/h2>((?:(?!<h2>).)*)/gs;
const drawing = /<svg .*?<\/svg>/gs;

/**
 * Reads a report: its page, or the figures beside it.
 * @throws CommandError when the file is none
 */
export function readEarlier(path: string): Earlier {
  if (!existsSync(path)) throw new CommandError(`${path} is not there: --merge takes reports that --report wrote`);
  const text = readFileSync(path, 'utf8');
  const isPage = text.startsWith('<!doctype html>');
  const figures = parsed(isPage ? embedded.exec(text)?.[1] : text);
  const all = isObject(figures) ? (Array.isArray(figures.runs) ? figures.runs : [figures]) : [];
  // Before they could be set they were Kafka's own, and none.
  const runs = all.map((run: object) => ({ brokerSessionMs: 9_000, warmUpMs: 0, ...run }));
  const entries = isObject(figures) ? figures.scenarios : undefined;
  if (!Array.isArray(entries) || !entries.every(isWritten) || runs.length === 0 || !runs.every(isConditions)) {
    throw new CommandError(`${path} is no report: --merge takes pages that --report wrote, or their .json`);
  }
  return {
    entries: entries.map(({ scenario: name, application, promised, repeats }) => ({
      ...{ name, application, promised, outcomes: repeats },
    })),
    runs: runs.map((run) => ({
      ...{ at: run.at, instances: run.instances, rate: run.rate, partitions: run.partitions, atOnce: run.atOnce },
      ...{ sessionTimeoutMs: run.sessionTimeoutMs, brokerSessionMs: run.brokerSessionMs, warmUpMs: run.warmUpMs },
      ...(run.machine === undefined ? {} : { machine: run.machine }),
    })),
    drawings: new Map(
      isPage ? [...text.matchAll(section)].map(([, name = '', part = '']) => [name, part.match(drawing) ?? []]) : [],
    ),
  };
}

function parsed(text = ''): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Written extends Omit<Entry, 'name' | 'outcomes'> {
  readonly scenario: string;
  readonly repeats: readonly Reported[];
}

function isWritten(value: unknown): value is Written {
  if (!isObject(value) || typeof value.scenario !== 'string' || typeof value.application !== 'string') return false;
  const numbers = isObject(value.promised) && Object.values(value.promised).every((one) => typeof one === 'number');
  return numbers && Array.isArray(value.repeats) && value.repeats.every(isReported);
}

const figureNames = [
  ...['lost', 'doubled', 'uncommittedForMs', 'reordered', 'commitsAhead', 'unaccounted', 'uncommitted'],
  ...['silenceMs', 'recoveredMs', 'partition', 'peakMb'],
];
const listNames = ['otherViolations', 'examples', 'exits', 'problems', 'notices'];

function isReported(value: unknown): value is Reported {
  return (
    isObject(value) &&
    figureNames.every((name) => typeof value[name] === 'number') &&
    listNames.every((name) => Array.isArray(value[name])) &&
    isObject(value.counts) &&
    typeof value.counts.inputs === 'number' &&
    typeof value.counts.filtered === 'number'
  );
}

function isConditions(value: unknown): value is RunConditions {
  const counts = ['instances', 'rate', 'partitions', 'sessionTimeoutMs', 'brokerSessionMs', 'warmUpMs', 'atOnce'];
  return isObject(value) && typeof value.at === 'string' && counts.every((name) => typeof value[name] === 'number');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
