import { readFileSync } from 'node:fs';
import { isCollection, isMap, LineCounter, type Node, parseDocument } from 'yaml';
import type { ScalingPolicy } from '../../infra/scaling/policy.ts';
import { policyProblems } from '../../infra/scaling/problems.ts';
import {
  analyticsFunctionScaling,
  analyticsScaling,
  burstScaling,
  localScaling,
  scaling,
  stagePolicies,
  storageFunctionScaling,
  storageScaling,
} from '../../infra/scaling.ts';
import { CommandError } from './command.ts';

/** The policies that infra/scaling.ts declares, by the name that commands take. */
export const declaredPolicies: Readonly<Record<string, ScalingPolicy>> = {
  ...stagePolicies,
  storage: storageScaling,
  'storage-function': storageFunctionScaling,
  analytics: analyticsScaling,
  'analytics-function': analyticsFunctionScaling,
  local: localScaling,
  burst: burstScaling,
};

/**
 * The policy of that name, or of a file: JSON or YAML with the fields that differ from the one for production.
 * @throws CommandError with each problem, its line and its field.
 */
export function loadPolicy(nameOrFile: string): ScalingPolicy {
  const declared = declaredPolicies[nameOrFile];
  if (declared !== undefined) return checked(declared, nameOrFile, () => '');
  return parsePolicy(nameOrFile, textOf(nameOrFile));
}

/** The same from a file's text. */
export function parsePolicy(file: string, text: string): ScalingPolicy {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  /** The line of a field, or of what is nearest around it. */
  const lineOf = (path: readonly string[]): string => {
    let node: unknown = document.contents;
    for (const part of path) {
      const inside = isCollection(node) ? (node.get(part, true) ?? node.get(Number(part), true)) : undefined;
      if (inside === undefined) break;
      node = inside;
    }
    const start = (node as Node | null)?.range?.[0];
    return start === undefined ? '' : `:${lines.linePos(start).line}`;
  };
  if (document.errors.length > 0) {
    throw new CommandError(
      document.errors.map(({ message, pos }) => `${file}:${lines.linePos(pos[0]).line}: ${message}`).join('\n'),
    );
  }
  if (!isMap(document.contents)) throw new CommandError(`${file}: expected fields of a policy, such as minimum: 2`);
  const given = document.toJS() as Record<string, unknown>;
  const problems: string[] = [];
  const merged = merge(scaling, given, [], (path, problem) => {
    problems.push(`${file}${lineOf(path)}: ${path.join('.')}: ${problem}`);
  });
  if (problems.length > 0) throw new CommandError(problems.join('\n'));
  const policy = merged as unknown as ScalingPolicy;
  const name = policy.name === scaling.name ? nameOf(file) : policy.name;
  return checked({ ...policy, name }, file, (field) => lineOf(field.split(/[.[\]]+/).filter((part) => part !== '')));
}

/** A policy with one number changed, by the path of its field, or a CommandError that says what is accepted. */
export function withField(policy: ScalingPolicy, path: string, value: number): ScalingPolicy {
  const parts = path.split('.');
  const fields = numberFields(policy);
  if (!fields.includes(path)) {
    throw new CommandError(`${path} is no field with a number. There are ${fields.join(', ')}`);
  }
  const set = (at: unknown, rest: readonly string[]): unknown => {
    const [first, ...others] = rest;
    return first === undefined ? value : { ...(at as object), [first]: set((at as Fields)[first], others) };
  };
  return set(policy, parts) as ScalingPolicy;
}

type Fields = Readonly<Record<string, unknown>>;

function numberFields(value: object, path = ''): string[] {
  return Object.entries(value).flatMap(([name, field]) => {
    if (typeof field === 'number') return [`${path}${name}`];
    const isGroup = typeof field === 'object' && field !== null && !Array.isArray(field) && name !== 'holidays';
    return isGroup ? numberFields(field, `${path}${name}.`) : [];
  });
}

/** Fields of `over` in place of those of `base`, group by group; lists and the calendar's years as a whole. */
function merge(
  base: object,
  over: Fields,
  path: readonly string[],
  onProblem: (path: string[], problem: string) => void,
): Fields {
  const result: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const before = (base as Fields)[name];
    const here = [...path, name];
    if (before === undefined && !path.includes('holidays')) {
      onProblem(here, `is no field of a policy. There are ${Object.keys(base).join(', ')}`);
    } else if (name === 'calendar' && value === null) result[name] = null;
    else if (isFields(before) && isFields(value)) result[name] = merge(before, value, here, onProblem);
    else if (before !== undefined && kindOf(before) !== kindOf(value)) {
      onProblem(here, `expected ${kindOf(before)}, not ${kindOf(value)}`);
    } else result[name] = value;
  }
  return result;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === null) return 'nothing';
  return { number: 'a number', string: 'text', object: 'fields' }[typeof value as string] ?? typeof value;
}

function checked(policy: ScalingPolicy, file: string, lineOf: (field: string) => string): ScalingPolicy {
  const problems = policyProblems(policy).map(({ field, text }) => `${file}${lineOf(field)}: ${field}: ${text}`);
  if (problems.length > 0) throw new CommandError(problems.join('\n'));
  return policy;
}

function nameOf(file: string): string {
  const base = file.split('/').at(-1) ?? file;
  return base.replace(/\.[a-z]+$/i, '').replace(/[^a-zA-Z0-9._-]+/g, '-') || 'policy';
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const names = Object.keys(declaredPolicies).join(', ');
    throw new CommandError(`cannot read ${file} (${code}): expected one of ${names}, or a file with a policy`);
  }
}
