import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOf } from '../../functions/program.ts';
import { buildBundle, bundles } from '../support/bundle.ts';
import { type CertificateState, certificatePath, requireCertificates } from '../support/certificate.ts';
import { CommandError } from '../support/command.ts';
import { buildArguments, findEngine } from './engine.ts';
import { type EngineName, type ImageOptions, projectVersion } from './options.ts';
import { buildSchemaProgram, migrations } from './schema-program.ts';
import { stage } from './stage.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dockerfile = join(root, 'infra', 'image', 'Dockerfile');

/** A bundle of functions in an image. */
export interface ImageBundle {
  /** Its name in the image: `functions.mjs`. */
  readonly file: string;
  readonly sha256: string;
  readonly certificate: CertificateState;
}

/** An image as it was, or would be, built. */
export interface Image {
  readonly engine: EngineName;
  readonly tag: string;
  readonly bundles: readonly ImageBundle[];
  readonly command: readonly string[];
}

/** What a test hands in so that neither this machine's certificate nor its engines matter. */
export interface ImageSurroundings {
  readonly certificate?: string;
  readonly dryRun?: boolean;
}

/**
 * Builds the bundles, asks for their certificates and makes one image of them: refused before any engine is looked for.
 * @throws CommandError when a bundle is refused, no engine can build, or the build fails
 */
export async function buildImage(
  options: ImageOptions,
  { certificate: path = certificatePath, dryRun = false }: ImageSurroundings = {},
): Promise<Image> {
  const files = new Map<string, Buffer>();
  const built: { readonly name: string; readonly sha256: string }[] = [];
  for (const { entry, outfile } of bundles) {
    const bundle = await buildBundle({ entry, outfile });
    files.set(basename(outfile), readFileSync(bundle.path));
    built.push({ name: basename(outfile), sha256: digestOf(bundle.path) });
  }
  const certified = requireCertificates(built, options, path).map(({ name: file, ...rest }) => ({ file, ...rest }));
  const engine = dryRun ? (options.engine ?? 'docker') : findEngine(options.engine);
  files.set('schema.mjs', await buildSchemaProgram());
  for (const [name, text] of migrations()) files.set(`migrations/${name}`, text);
  const labels = {
    'org.opencontainers.image.title': 'hft-engine',
    'org.opencontainers.image.version': projectVersion(),
    'org.opencontainers.image.licenses': 'MIT',
    ...Object.fromEntries(certified.map(({ file, sha256 }) => [`hft-engine.${file}.sha256`, sha256])),
    ...Object.fromEntries(certified.map(({ file, certificate }) => [`hft-engine.${file}.certificate`, certificate])),
  };
  const context = stage(join(root, '.local', 'image'), files);
  const command = [engine, ...buildArguments(engine, context, { ...options, dockerfile, labels })];
  if (!dryRun) await runBuild(command);
  return { engine, tag: options.tag, bundles: certified, command };
}

/** Runs the engine; what it says goes to stderr, since stdout is the report's. */
async function runBuild([program = '', ...args]: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 2, 2] });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new CommandError(`${program} build ended with ${code}: see above`);
}
