import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Lock, nameAt, productionPackages } from './locked.ts';

/** A known weakness of a production dependency. */
export interface Advisory {
  /** As GHSA-..., or the registry's own number where it names no other. */
  readonly id: string;
  readonly package: string;
  readonly version: string;
  readonly severity: string;
  readonly title: string;
}

/** What the registry knows of the production dependencies; `notChecked` says why when it did not answer. */
export type Advisories = { readonly found: readonly Advisory[] } | { readonly notChecked: string };

/** An advisory that does not keep a package from being made, and the argument for it. */
export interface AcceptedAdvisory {
  readonly id: string;
  readonly because: string;
}

/** Those of high or critical severity that are argued away. */
export const acceptedAdvisories: readonly AcceptedAdvisory[] = [];

const root = fileURLToPath(new URL('../..', import.meta.url));
const severities = ['critical', 'high', 'moderate', 'low', 'info'];
const refused = ['critical', 'high'];

/** Asks the registry by `npm audit`, which sends it names and versions of packages. Never throws. */
export async function askAdvisories(
  lock: Lock,
  signal?: AbortSignal,
  env: NodeJS.ProcessEnv = process.env,
  timeoutMs = 10_000,
): Promise<Advisories> {
  const args = ['audit', '--omit=dev', '--json', '--fetch-retries=0', `--fetch-timeout=${timeoutMs}`];
  // Under `npm run` it says where it is itself.
  const npm = env.npm_execpath;
  const [program, all] = npm === undefined ? ['npm', args] : [process.execPath, [npm, ...args]];
  const printed = await new Promise<string>((resolve) => {
    // It ends with 1 when it found something.
    execFile(program, all, { cwd: root, env, signal, timeout: timeoutMs, maxBuffer: 50_000_000 }, (_, stdout) =>
      resolve(stdout),
    );
  });
  return readAudit(printed, lock);
}

/** Reads what `npm audit --json` printed, in its second version: what is about production dependencies, the worst first. */
export function readAudit(printed: string, lock: Lock): Advisories {
  const report = parsed(printed);
  if (!isObject(report) || report.auditReportVersion !== 2 || !isObject(report.vulnerabilities)) {
    return { notChecked: 'the registry gave no answer' };
  }
  const production = new Set(productionPackages(lock));
  const found = Object.values(report.vulnerabilities).flatMap((one) => {
    if (!isObject(one) || !Array.isArray(one.via) || !Array.isArray(one.nodes)) return [];
    // Words in place of objects name a package below, which has an entry of its own.
    const advisories = one.via.filter(isObject);
    const places = one.nodes.map(String).filter((location) => production.has(location));
    return places.flatMap((location) => advisories.map((advisory) => advisoryAt(location, advisory, lock)));
  });
  const rank = ({ severity }: Advisory): number => severities.indexOf(severity);
  return { found: found.sort((a, b) => rank(a) - rank(b) || a.package.localeCompare(b.package)) };
}

/** What keeps the package from being made: high and critical ones, unless they are accepted. */
export function advisoryProblems(advisories: Advisories, accepted = acceptedAdvisories): string[] {
  if ('notChecked' in advisories) return [];
  return advisories.found
    .filter(({ id, severity }) => refused.includes(severity) && !accepted.some((one) => one.id === id))
    .map(
      (one) =>
        `${advisoryText(one)}: take a version without it, or accept it with an argument (scripts/package/advisories.ts)`,
    );
}

export function advisoryText({ id, package: name, version, severity, title }: Advisory): string {
  return `${severity}: ${name} ${version}, ${id}, ${title}`;
}

/** In a line, for the list of what is in the bundles. */
export function advisoriesInShort(advisories: Advisories): string {
  if ('notChecked' in advisories) return `not checked, ${advisories.notChecked}`;
  if (advisories.found.length === 0) return 'none known';
  return advisories.found.map(({ id, severity }) => `${id} (${severity})`).join(', ');
}

function advisoryAt(location: string, { url, source, severity, title }: Fields, lock: Lock): Advisory {
  return {
    id: /GHSA-[a-z0-9-]+$/.exec(String(url))?.[0] ?? String(source),
    ...{ package: nameAt(location), version: lock.packages[location]?.version ?? '' },
    ...{ severity: String(severity), title: String(title) },
  };
}

type Fields = Readonly<Record<string, unknown>>;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
