import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { bundleSettings } from '../support/bundle.ts';

const folder = fileURLToPath(new URL('../../infra/database/migrations', import.meta.url));

/** The compiler with which node-pg-migrate reads migrations in TypeScript: 270 KB, and ours are SQL. */
const noCompiler: Plugin = {
  name: 'no-compiler',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^jiti$/ }, ({ path }) => ({ path, namespace: 'no-compiler' }));
    onLoad({ filter: /.*/, namespace: 'no-compiler' }, () => ({
      contents: `export const createJiti = () => ({ import() { throw new Error('migrations are files of SQL'); } });`,
    }));
  },
};

/**
 * schema.mjs, which migrates where there is no repository. It is no bundle of functions: no host runs it, so it has no
 * certificate, and Lambda never loads it, so its size matters to nobody.
 */
export async function buildSchemaProgram(): Promise<Buffer> {
  const { outputFiles } = await build({
    ...bundleSettings,
    entryPoints: ['scripts/database/schema-main.ts'],
    write: false,
    plugins: [noCompiler],
    // An optional part of pg that is not installed.
    external: ['pg-native'],
    logLevel: 'warning',
  });
  return Buffer.from(outputFiles[0]?.contents ?? []);
}

/** The migrations that it reads, in a folder of this name beside it. */
export function migrations(): [name: string, text: Buffer][] {
  return readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]);
}
