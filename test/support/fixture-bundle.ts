import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { runtime } from '../../functions/main.ts';
import { bundleSettings } from '../../scripts/support/bundle.ts';
import type { TestBundle } from './mutants.ts';

/** What the functions under test/fixtures take from the runtime when they run. */
const names: readonly (keyof typeof runtime)[] = [
  ...(['runProcess', 'lambdaHandler'] as const),
  ...(['BadInputError', 'DependencyDownError', 'RetryableError'] as const),
];

/**
 * Bundles the functions under test/fixtures without a runtime of their own: they run on that of the given bundle, whose
 * bytes stay what they are. `node <path> outcomes` is a container, and the export `outcomes` a function's handler.
 */
export async function buildFixtures(shipped: string): Promise<TestBundle> {
  const dir = mkdtempSync(join(tmpdir(), 'hft-fixtures-'));
  const path = join(dir, 'fixtures.mjs');
  copyFileSync(shipped, join(dir, 'functions.mjs'));
  await build({
    ...bundleSettings,
    entryPoints: ['test/fixtures/functions/main.ts'],
    outfile: path,
    plugins: [onRuntimeOf('./functions.mjs')],
    logLevel: 'warning',
  });
  return { path, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

function onRuntimeOf(bundle: string): Plugin {
  return {
    name: 'runtime of a bundle',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /functions\/(runtime|hosts)\// }, () => ({ path: bundle, namespace: 'runtime' }));
      onResolve({ filter: /^\.\/functions\.mjs$/, namespace: 'runtime' }, ({ path }) => ({ path, external: true }));
      onLoad({ filter: /./, namespace: 'runtime' }, () => ({
        contents: `import { runtime } from '${bundle}';\nexport const { ${names.join(', ')} } = runtime;`,
      }));
    },
  };
}
