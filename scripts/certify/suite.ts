import type { TestCase } from 'vitest/node';
import { startVitest } from 'vitest/node';
import type { HostResult } from '../support/certificate.ts';

/** What a run of the suite came to. */
export interface SuiteResult {
  readonly hosts: readonly HostResult[];
  readonly differences: readonly string[];
  /** Errors outside of any test: a run that has them proves nothing. */
  readonly errors: readonly string[];
}

const comparison = 'no difference from inline';

/** Runs the whole conformance suite on a cluster of its own, with progress on standard error. */
export async function runSuite(): Promise<SuiteResult> {
  process.env.HFT_CONFORMANCE = 'whole';
  // The reporter's lines are progress: what the command prints on standard output is its result.
  const options = { project: ['cluster'], watch: false, reporters: ['verbose'] };
  const vitest = await startVitest(
    'test',
    ['test/conformance/conformance.test.ts'],
    options,
    {},
    { stdout: process.stderr },
  );
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
