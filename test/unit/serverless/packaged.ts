import { readFileSync } from 'node:fs';
import { type Resource, readTemplate, type Template } from '../../../scripts/package/template.ts';
import { account, alarmTopicArn, run, uncertified } from './run.ts';

interface Report {
  readonly archives: readonly { readonly function: string; readonly path: string; readonly sha256: string }[];
  readonly bundles: readonly { readonly name: string; readonly sha256: string; readonly certificate: string }[];
  readonly template: { readonly path: string };
  readonly sbom: { readonly path: string };
}

const alarms = ['--param', `alarmTopicArn=${alarmTopicArn}`];
/** Each is packaged once, one after the other: they share the bundle. */
const cases = {
  'msk dev': ['--stage', 'dev', ...account.msk],
  'msk prod': ['--stage', 'prod', ...account.msk, ...alarms],
  'self-managed dev': ['--stage', 'dev', ...account.selfManaged],
  'self-managed prod': ['--stage', 'prod', ...account.selfManaged, ...alarms],
} as const;
export type Case = keyof typeof cases;
export const names = Object.keys(cases) as Case[];
export const msk = names.filter((name) => name.startsWith('msk'));

interface Read {
  readonly report: Report;
  readonly template: Template;
  readonly archives: ReadonlyMap<string, Buffer>;
}

/** The functions, with what differs between them. */
export const functions = {
  processor: {
    ...{ bundle: 'dist/functions.mjs', source: 'market.raw', written: ['market.enriched', 'market.raw.dlq'] },
    ...{ prefix: '', timeout: 90, batch: 1_000 },
  },
  storage: {
    ...{ bundle: 'dist/database.mjs', source: 'market.enriched', written: ['market.enriched.dlq'] },
    ...{ prefix: 'Storage', timeout: 120, batch: 1_000 },
  },
  analytics: {
    ...{
      bundle: 'dist/database.mjs',
      source: 'market.enriched',
      written: ['analytics.results', 'market.enriched.dlq'],
    },
    ...{ prefix: 'Analytics', timeout: 120, batch: 500 },
  },
} as const;
export type Name = keyof typeof functions;
export const functionNames = Object.keys(functions) as Name[];
export const typeOf = (one: Name): string => one.charAt(0).toUpperCase() + one.slice(1);

const packaged = new Map<Case, Read>();

/** Packages every case. */
export async function packageAll(): Promise<void> {
  const waiver = await uncertified();
  for (const name of names) {
    const { code, stdout, stderr } = await run('package', ...cases[name], ...waiver, '--json');
    if (code !== 0) throw new Error(`packaging ${name} ended with ${code}: ${stderr}`);
    const report = JSON.parse(stdout) as Report;
    // The folder is packaged into again by whoever comes next: read at once.
    packaged.set(name, {
      report,
      template: readTemplate(report.template.path),
      archives: new Map(report.archives.map((one) => [one.function, readFileSync(one.path)])),
    });
  }
}

/** What came of a case. */
export function of(name: Case): Read {
  const found = packaged.get(name);
  if (!found) throw new Error(`${name} was not packaged`);
  return found;
}

/** A resource of its template, by its logical id. */
export function resource(name: Case, id: string): Resource {
  const found = of(name).template.Resources[id];
  if (!found) throw new Error(`${name} has no ${id}`);
  return found;
}

/** The logical id of a function's mapping. */
export function mappingIdOf(name: Case, one: Name): string {
  const kind = msk.includes(name) ? 'MSKClusterArn' : 'Kafka';
  const stream = { 'market.raw': 'Marketraw', 'market.enriched': 'Marketenriched' }[functions[one].source];
  return `${typeOf(one)}EventSourceMapping${kind}${stream}`;
}

export const mappingOf = (name: Case, one: Name): Resource => resource(name, mappingIdOf(name, one));

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** What the role of a function may do. */
export function statementsOf(name: Case, one: Name): Statement[] {
  const policies: { PolicyDocument: { Statement: Statement[] } }[] = resource(name, `${typeOf(one)}Role`).Properties
    ?.Policies;
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}
