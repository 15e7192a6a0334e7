import type { TestCase } from 'vitest/node';
import { startVitest } from 'vitest/node';
import type { BundleName } from '../support/bundle.ts';
import type { HostResult } from '../support/certificate.ts';

/** What a run of the suite came to. */
export interface SuiteResult {
  readonly hosts: readonly HostResult[];
  readonly differences: readonly string[];
  /** Errors outside of any test: a run that has them proves nothing. */
  readonly errors: readonly string[];
}

/**
 * The files with the cases of each bundle. Those of the first put the runtime of a bundle through every row of the outcome
 * table, with functions that do what their records say; those of the second are of storage and analytics. A file's cases count for a host by the name of their `describe`.
 */
const files: Readonly<Record<BundleName, readonly string[]>> = {
  'dist/functions.mjs': ['test/conformance/conformance.test.ts'],
  'dist/database.mjs': ['test/conformance/conformance.test.ts', 'test/conformance/database.test.ts'],
};

const comparison = 'no difference from inline';

/** Puts a bundle through the whole of its suite, on a cluster of its own, with progress on standard error. */
export async function runSuite(bundle: BundleName): Promise<SuiteResult> {
  process.env.HFT_CONFORMANCE = 'whole';
  process.env.HFT_CONFORMANCE_BUNDLE = bundle;
  // The reporter's lines are progress: what the command prints on standard output is its result.
  const options = { project: ['cluster'], watch: false, reporters: ['verbose'] };
  const vitest = await startVitest('test', [...files[bundle]], options, {}, { stdout: process.stderr });
  const modules = vitest.state.getTestModules();
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const errors = [...vitest.state.getUnhandledErrors(), ...modules.flatMap((module) => module.errors())];
  await vitest.close();
  const hosts = Map.groupBy(
    tests.filter((test) => suiteOf(test) !== comparison),
    suiteOf,
  );
  return {
    hosts: [...hosts].map(([host, cases]) => resultOf(host, cases)),
    differences: tests.filter((test) => suiteOf(test) === comparison && !hasPassed(test)).map(({ name }) => name),
    errors: errors.map((error) => String((error as { message?: unknown }).message ?? error)),
  };
}

function suiteOf({ parent }: TestCase): string {
  return parent.type === 'suite' ? parent.name : '';
}

function hasPassed(test: TestCase): boolean {
  return test.result().state === 'passed';
}

function resultOf(host: string, cases: readonly TestCase[]): HostResult {
  const failed = cases.filter((test) => !hasPassed(test)).map(({ name }) => name);
  return { host, cases: cases.length, passed: cases.length - failed.length, failed };
}
