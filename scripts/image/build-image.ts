import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBundle } from '../support/bundle.ts';
import { type CertificateState, certificatePath, requireCertificate } from '../support/certificate.ts';
import { CommandError } from '../support/command.ts';
import { buildArguments, findEngine } from './engine.ts';
import { type EngineName, type ImageOptions, projectVersion } from './options.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dockerfile = join(root, 'infra', 'image', 'Dockerfile');

/** An image as it was, or would be, built. */
export interface Image {
  readonly engine: EngineName;
  readonly tag: string;
  readonly bundleSha256: string;
  readonly certificate: CertificateState;
  readonly command: readonly string[];
}

/** What a test hands in so that neither this machine's certificate nor its engines matter. */
export interface ImageSurroundings {
  readonly certificate?: string;
  readonly dryRun?: boolean;
}

/**
 * Builds the bundle, asks for its certificate and makes an image of it: refused before any engine is looked for.
 * @throws CommandError when the bundle is refused, no engine can build, or the build fails
 */
export async function buildImage(
  options: ImageOptions,
  { certificate: path = certificatePath, dryRun = false }: ImageSurroundings = {},
): Promise<Image> {
  const bundle = readFileSync((await buildBundle()).path);
  const bundleSha256 = createHash('sha256').update(bundle).digest('hex');
  const certificate = requireCertificate(bundleSha256, { uncertified: options.uncertified }, path);
  const engine = dryRun ? (options.engine ?? 'docker') : findEngine(options.engine);
  const labels = {
    'org.opencontainers.image.title': 'hft-engine',
    'org.opencontainers.image.version': projectVersion(),
    'org.opencontainers.image.licenses': 'MIT',
    'hft-engine.bundle.sha256': bundleSha256,
    'hft-engine.certificate': certificate,
  };
  const context = stage(bundle, bundleSha256);
  const command = [engine, ...buildArguments(engine, context, { ...options, dockerfile, labels })];
  if (!dryRun) await runBuild(command);
  return { engine, tag: options.tag, bundleSha256, certificate, command };
}

/**
 * A folder with the one file: nothing else can get into the image, and the bundle that was certified is the one that
 * does, whoever builds another meanwhile. It stays, for the engine's cache and for whoever runs the command by hand.
 */
function stage(bundle: Buffer, digest: string): string {
  const folder = join(root, '.local', 'image', digest.slice(0, 12));
  mkdirSync(folder, { recursive: true });
  // Made outside and renamed: the folder never holds half a file, nor a second one.
  const beside = `${folder}.${process.pid}`;
  writeFileSync(beside, bundle);
  renameSync(beside, join(folder, 'functions.mjs'));
  return folder;
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
