import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { otherSteps } from './check/others.ts';
import { dependencyProblems, readLock } from './package/locked.ts';
import { bundles } from './support/bundle.ts';
import { runCommand } from './support/command.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a bundle may have: its budget is that of one function, and each further one may add 10 KB. */
function budgetKb({ entry, budgetKb }: (typeof bundles)[number]): number {
  const functions =
    readFileSync(`${root}${entry}`, 'utf8').match(/^import .* from '\.\/[\w-]+\/definition\.ts';$/gm) ?? [];
  return budgetKb + 10 * Math.max(0, functions.length - 1);
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

function bundleBudgets(): string | undefined {
  const failure = tool('node', 'scripts/build.ts')();
  if (failure !== undefined) return failure;
  // What is left out of a bundle may be needed as soon as it is loaded.
  const imports = bundles.map(({ outfile }) => `await import('./${outfile}');`).join('');
  const broken = tool('node', '--input-type=module', '--eval', imports)();
  if (broken !== undefined) return broken;
  const tooLarge = bundles.flatMap((bundle) => {
    const kb = Math.ceil(statSync(`${root}${bundle.outfile}`).size / 1_024);
    return kb <= budgetKb(bundle) ? [] : [`${bundle.outfile} has ${kb} KB, above its budget of ${budgetKb(bundle)} KB`];
  });
  return tooLarge.length === 0 ? undefined : tooLarge.join('\n');
}

const steps: readonly Step[] = [
  { name: 'format, lint, floating promises', run: tool('biome', 'ci', '--colors=off', '--error-on-warnings', '.') },
  { name: 'types', run: tool('tsc', '-p', '.') },
  { name: 'unused exports, files and dependencies', run: tool('knip') },
  {
    name: 'licences and install scripts of production dependencies',
    run: () => dependencyProblems(readLock()).join('\n') || undefined,
  },
  { name: 'import rules', run: tool('vitest', 'run', '--project', 'unit', 'test/unit/tree.test.ts') },
  { name: `bundles that load, of at most ${bundles.map(budgetKb).join(' and ')} KB`, run: bundleBudgets },
];

await runCommand(
  {
    name: 'check',
    summary: 'The gate before a commit: format, lint, types, dead exports, licences, import rules, bundle size.',
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
