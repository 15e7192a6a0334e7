import { spawnSync } from 'node:child_process';
import { CommandError } from '../support/command.ts';
import { printable } from '../support/words.ts';
import { type EngineName, engineNames } from './options.ts';

/** What asks an engine whether it can build: docker's client alone cannot. */
const questions: Readonly<Record<EngineName, readonly string[]>> = {
  docker: ['version', '--format', '{{.Server.Version}}'],
  podman: ['version', '--format', '{{.Client.Version}}'],
  buildah: ['version'],
};

/** Why an engine cannot build; `undefined` when it can. */
function refusal(name: EngineName): string | undefined {
  const { error, status, stderr } = spawnSync(name, [...questions[name]], { encoding: 'utf8', timeout: 10_000 });
  if (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return `${name}: not found on PATH`;
    return `${name}: ${code === 'ETIMEDOUT' ? 'no answer in 10 s' : printable(error.message)}`;
  }
  if (status === 0) return undefined;
  const said = stderr.split('\n').find((line) => line.trim() !== '') ?? 'it says nothing';
  return `${name}: found, but it cannot build: ${printable(said.trim())}`;
}

/**
 * The engine that was named, or the first that can build.
 * @throws CommandError that says of each why not
 */
export function findEngine(wanted: EngineName | undefined): EngineName {
  const refusals: string[] = [];
  for (const name of wanted === undefined ? engineNames : [wanted]) {
    const problem = refusal(name);
    if (problem === undefined) return name;
    refusals.push(problem);
  }
  const advice = 'Install or start one, name another with --engine, or see with --dry-run what would run.';
  throw new CommandError(`No engine to build an image with:\n  ${refusals.join('\n  ')}\n${advice}`);
}

/** The arguments with which an engine builds a folder into an image. */
export function buildArguments(
  engine: EngineName,
  context: string,
  { dockerfile, tag, base, labels }: BuildRequest,
): string[] {
  return [
    'build',
    ...['--file', dockerfile, '--tag', tag],
    // Podman's and buildah's own format has no health check.
    ...(engine === 'docker' ? [] : ['--format', 'docker']),
    ...(base === undefined ? [] : ['--build-arg', `NODE_IMAGE=${base}`]),
    ...Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    context,
  ];
}

/** What an image is made of, beside its folder. */
export interface BuildRequest {
  readonly dockerfile: string;
  readonly tag: string;
  readonly base: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}
