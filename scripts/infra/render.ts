import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PolicyProblem, policyProblems } from '../../infra/scaling/problems.ts';
import { type RenderedFile, renderedFiles } from '../../infra/scaling/targets/files.ts';
import { CommandError } from '../support/command.ts';
import { declaredPolicies } from '../support/policy-file.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Writes what is different from what the declared policies render to; nothing when a policy is wrong. */
export function render(): number {
  const problems = problemsOf();
  if (problems.length > 0) throw new CommandError(`nothing was written\n${problems.map(problemLine).join('\n')}`);
  for (const { path, text } of renderedFiles()) {
    const file = `${root}${path}`;
    const same = committed(path) === text;
    if (!same) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    process.stdout.write(`${same ? 'unchanged' : 'written  '}  ${path}\n`);
  }
  return 0;
}

/** Tells what is different, and what is wrong with a policy at a moment; writes nothing. */
export function check(atMs: number, json: boolean): number {
  const problems = problemsOf(atMs);
  const files = renderedFiles().map((file) => ({ path: file.path, state: stateOf(file) }));
  const well = problems.length === 0 && files.every(({ state }) => state === 'as declared');
  if (json) process.stdout.write(`${JSON.stringify({ well, problems, files }, null, 2)}\n`);
  else {
    const lines = [...problems.map(problemLine), ...files.map(({ path, state }) => `${state.padEnd(11)}  ${path}`)];
    const remedy = well ? '' : '\nRun: npm run infra -- render\n';
    process.stdout.write(`${lines.join('\n')}\n${problems.length > 0 ? '' : remedy}`);
  }
  return well ? 0 : 1;
}

function problemsOf(atMs?: number): (PolicyProblem & { policy: string })[] {
  return Object.entries(declaredPolicies).flatMap(([name, policy]) =>
    policyProblems(policy, atMs).map((problem) => ({ policy: name, ...problem })),
  );
}

function problemLine({ policy, field, text }: PolicyProblem & { policy: string }): string {
  return `infra/scaling.ts, policy ${policy}: ${field}: ${text}`;
}

function stateOf({ path, text }: RenderedFile): 'as declared' | 'different' | 'missing' {
  const there = committed(path);
  if (there === null) return 'missing';
  return there === text ? 'as declared' : 'different';
}

function committed(path: string): string | null {
  try {
    return readFileSync(`${root}${path}`, 'utf8');
  } catch {
    return null;
  }
}
