import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { otherSteps } from './check/others.ts';
import { runCommand } from './support/command.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What Lambda has to load at a cold start with one function, most of it kafkajs, and what each further one may add. */
const bundleBudgetKb = 500 + 10 * (functionFolders() - 1);

function functionFolders(): number {
  const others = new Set(['hosts', 'kafka', 'runtime']);
  const entries = readdirSync(`${root}functions`, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && !others.has(entry.name)).length;
}

interface Step {
  readonly name: string;
  readonly run: () => string | undefined;
}

/** Runs a tool; its output when it failed. */
function tool(command: string, ...args: string[]): () => string | undefined {
  return () => {
    const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
    return status === 0 ? undefined : `${error?.message ?? ''}${stdout}${stderr}`;
  };
}

function bundleBudget(): string | undefined {
  const failure = tool('node', 'scripts/build.ts')();
  if (failure !== undefined) return failure;
  const kb = Math.ceil(statSync(`${root}dist/functions.mjs`).size / 1_024);
  return kb <= bundleBudgetKb ? undefined : `dist/functions.mjs has ${kb} KB, above the budget of ${bundleBudgetKb} KB`;
}

const steps: readonly Step[] = [
  { name: 'format, lint, floating promises', run: tool('biome', 'ci', '--colors=off', '--error-on-warnings', '.') },
  { name: 'types', run: tool('tsc', '-p', '.') },
  { name: 'unused exports, files and dependencies', run: tool('knip') },
  { name: 'import rules', run: tool('vitest', 'run', '--project', 'unit', 'test/unit/tree.test.ts') },
  { name: `bundle of at most ${bundleBudgetKb} KB`, run: bundleBudget },
];

await runCommand(
  {
    name: 'check',
    summary: 'The gate before a commit: format, lint, types, dead exports, import rules, bundle size.',
    usage: ['', '--all'],
    options: { all: { type: 'boolean', default: false } },
    describe: {
      all: 'Also ask validators that npm does not bring: hadolint, docker compose, kubectl, kubernetes-validate, cfn-lint.',
    },
  },
  async ({ all }) => {
    let failed = 0;
    for (const { name, run } of all ? [...steps, ...otherSteps] : steps) {
      const problem = run();
      process.stdout.write(`${problem === undefined ? 'ok    ' : 'FAILED'} ${name}\n`);
      if (problem !== undefined) process.stdout.write(`${problem.trimEnd()}\n`);
      if (problem !== undefined) failed += 1;
    }
    return failed === 0 ? 0 : 1;
  },
);
