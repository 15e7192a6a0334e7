import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { bundleSettings } from '../../scripts/support/bundle.ts';
import { slim } from '../../scripts/support/slim.ts';
import { tidy } from '../../scripts/support/tidy.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A deliberate bug: a text that occurs once in a file, and what stands there instead. */
export interface Fault {
  /** From the repository's root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface TestBundleOptions {
  readonly fault?: Fault | undefined;
  /** Default `functions/main.ts`. */
  readonly entry?: string;
}

/** A bundle of its own, in a directory of its own. */
export interface TestBundle {
  readonly path: string;
  remove(): void;
}

/** Bundles what ships, with a bug. Rejects when the text to replace is not there once: a bug must not rot unnoticed. */
export async function buildTestBundle({ fault, entry = 'functions/main.ts' }: TestBundleOptions): Promise<TestBundle> {
  const dir = mkdtempSync(join(tmpdir(), 'hft-bundle-'));
  const path = join(dir, 'functions.mjs');
  const remove = () => rmSync(dir, { recursive: true, force: true });
  try {
    const { outputFiles } = await build({
      ...bundleSettings,
      entryPoints: [entry],
      outfile: path,
      write: false,
      logLevel: 'silent',
      plugins: [slim(), ...(fault ? [plant(fault)] : [])],
    });
    for (const { text } of outputFiles) writeFileSync(path, await tidy(text));
  } catch (error) {
    remove();
    throw error;
  }
  return { path, remove };
}

function plant({ file, find, replace }: Fault): Plugin {
  const path = join(root, file);
  return {
    name: 'fault',
    setup({ onLoad, onEnd }) {
      let planted = false;
      onLoad({ filter: /\.ts$/ }, (loading) => {
        if (loading.path !== path) return undefined;
        const parts = readFileSync(path, 'utf8').split(find);
        if (parts.length !== 2) {
          return { errors: [{ text: `${file} has this text ${parts.length - 1} times, not once: ${find}` }] };
        }
        planted = true;
        return { contents: parts.join(replace), loader: 'ts' };
      });
      onEnd(({ errors }) => {
        const missing = !planted && errors.length === 0;
        return missing ? { errors: [{ text: `${file} is no part of this bundle`, notes: [] }] } : {};
      });
    },
  };
}
