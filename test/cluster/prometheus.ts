/** One sample of a page of metrics. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const namePattern = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const labelPattern = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const helpLine = new RegExp(`^# HELP (${namePattern}) \\S.*$`);
const typeLine = new RegExp(`^# TYPE (${namePattern}) (counter|gauge|histogram)$`);
const sampleLine = new RegExp(`^(${namePattern})(?:\\{(${labelPattern}(?:,${labelPattern})*)\\})? (\\S+)$`);
const numberPattern = /^[+-]?(\d+(\.\d+)?(e[+-]?\d+)?|Inf)$/i;

/**
 * Reads Prometheus' text format, version 0.0.4, and forgives nothing: every metric has one HELP and one TYPE before its
 * samples, which stand together; no sample occurs twice; histograms are cumulative and end in `+Inf`.
 */
export function parseMetrics(page: string): Sample[] {
  if (!page.endsWith('\n')) throw new Error('the last line has no end');
  const samples: Sample[] = [];
  const seen = new Set<string>();
  const types = new Map<string, string>();
  let helped: string | undefined;
  let current: string | undefined;
  for (const line of page.slice(0, -1).split('\n')) {
    const help = helpLine.exec(line)?.[1];
    const [, typed, type] = typeLine.exec(line) ?? [];
    if (help !== undefined) {
      if (types.has(help)) throw new Error(`a second metric ${help}`);
      helped = help;
    } else if (typed !== undefined && type !== undefined) {
      if (typed !== helped || types.has(typed)) throw new Error(`TYPE without its HELP, or again: ${line}`);
      types.set(typed, type);
      current = typed;
    } else {
      const sample = parseSample(line);
      const owner =
        types.get(current ?? '') === 'histogram' ? sample.name.replace(/_(bucket|sum|count)$/, '') : sample.name;
      if (owner !== current) throw new Error(`a sample out of its place: ${line}`);
      const identity = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (seen.has(identity)) throw new Error(`a sample twice: ${line}`);
      seen.add(identity);
      samples.push(sample);
    }
  }
  for (const [name, type] of types) if (type === 'histogram') checkHistogram(name, samples);
  return samples;
}

function parseSample(line: string): Sample {
  const [, name, labelText = '', text = ''] = sampleLine.exec(line) ?? [];
  if (name === undefined || !numberPattern.test(text)) throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  for (const [label] of labelText.matchAll(new RegExp(labelPattern, 'g'))) {
    const equals = label.indexOf('=');
    labels[label.slice(0, equals)] = JSON.parse(label.slice(equals + 1));
  }
  return { name, labels, value: Number(text.replace(/Inf/i, 'Infinity')) };
}

function checkHistogram(name: string, samples: readonly Sample[]): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const count = samples.find((sample) => sample.name === `${name}_count`)?.value;
  const sum = samples.find((sample) => sample.name === `${name}_sum`)?.value;
  if (buckets.at(-1)?.labels.le !== '+Inf' || buckets.at(-1)?.value !== count) throw new Error(`${name} ends badly`);
  if (sum === undefined) throw new Error(`${name} has no sum`);
  let before: { bound: number; value: number } = { bound: Number.NEGATIVE_INFINITY, value: 0 };
  for (const { labels, value } of buckets) {
    const bound = Number(labels.le?.replace('Inf', 'Infinity'));
    if (!(bound > before.bound) || value < before.value) throw new Error(`${name} is not cumulative at ${labels.le}`);
    before = { bound, value };
  }
}

/** The sum of the samples of this name and these labels. */
export function total(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  return samples
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}
