import { mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { missingParts } from './left-out.ts';
import { slim } from './slim.ts';
import { sourcesOf, tidy } from './tidy.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The bundles that ship, and what each may have in KB. What Lambda has to load at a cold start with one function is kafkajs
 * for the most part; pg comes to a fifth of that. Each function that uses a database may add 10.
 */
export const bundles = [
  { entry: 'functions/main.ts', outfile: 'dist/functions.mjs', budgetKb: 500 },
  { entry: 'functions/database-main.ts', outfile: 'dist/database.mjs', budgetKb: 610 },
] as const;

/** A bundle that ships, by where it is. */
export type BundleName = (typeof bundles)[number]['outfile'];

/** Where the bundle goes. */
export interface BundleOptions {
  /** What goes into it. Default all functions and both hosts. */
  readonly entry?: string;
  /** Relative to the repository. Default `dist/functions.mjs`. */
  readonly outfile?: string;
  /** Whether to write a source map beside it. */
  readonly sourcemap?: boolean | undefined;
}

/** A bundle on disk. */
export interface Bundle {
  readonly path: string;
  readonly bytes: number;
  /** Where the packages are of which it holds something: `node_modules/pino`. */
  readonly packages: readonly string[];
}

/** How every bundle is made: the one that ships, and those that tests make of other functions or with a bug. */
export const bundleSettings = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  legalComments: 'none',
  // Of what means the same, the shorter: names and lines stay.
  minifySyntax: true,
  // kafkajs and pino are CommonJS: what they require of Node needs a `require` in an ES module.
  banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
} as const satisfies BuildOptions;

/**
 * Bundles all functions and both hosts into one file. It is written beside and renamed: whoever starts the bundle while
 * another process builds it finds the old one or the new one, never half of it.
 */
export async function buildBundle(options: BundleOptions = {}): Promise<Bundle> {
  const { entry = 'functions/main.ts', outfile = 'dist/functions.mjs', sourcemap } = options;
  const path = join(root, outfile);
  const { outputFiles, metafile } = await bundled(entry, path, sourcemap);
  const missing = outputFiles.flatMap((file) => (file.path === path ? missingParts(file.text) : []));
  if (missing.length > 0) {
    throw new Error(
      `${outfile} calls ${missing.join(', ')}: expected nothing of what left-out.ts leaves out. Keep it there.`,
    );
  }
  mkdirSync(dirname(path), { recursive: true });
  for (const file of outputFiles) {
    // Lines and columns are those of the source map, where there is one.
    const text = sourcemap ? file.text : await tidy(file.text);
    writeFileSync(`${file.path}.${process.pid}`, text);
    renameSync(`${file.path}.${process.pid}`, file.path);
  }
  return { path, bytes: statSync(path).size, packages: packagesIn(metafile) };
}

async function bundled(entry: string, outfile: string, sourcemap: boolean | undefined) {
  return await build({
    ...bundleSettings,
    entryPoints: [entry],
    outfile,
    write: false,
    metafile: true,
    plugins: [slim()],
    sourcemap: sourcemap ? 'linked' : false,
    logLevel: 'warning',
  });
}

/** By line of the bundle of an entry the file that it came from. */
export async function sourcesOfLines(entry: string): Promise<(string | undefined)[]> {
  const { outputFiles } = await bundled(entry, join(root, 'dist/lines.mjs'), false);
  return outputFiles.flatMap(({ text }) => sourcesOf(text));
}

/** The packages of which there are bytes in what was made. */
function packagesIn({ outputs }: Metafile): string[] {
  const files = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
  const locations = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  return [...new Set(locations)].sort();
}
