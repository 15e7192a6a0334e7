import { readFileSync } from 'node:fs';
import { waiverProblems } from '../support/certificate.ts';
import { UsageError } from '../support/command.ts';

/** What can build an image, in the order in which they are tried. */
export const engineNames = ['docker', 'podman', 'buildah'] as const;
export type EngineName = (typeof engineNames)[number];

/** What `npm run image` was asked for. */
export interface ImageOptions {
  /** The engine that was named; `undefined`: the first that answers. */
  readonly engine: EngineName | undefined;
  readonly tag: string;
  /** Another image to build on: a mirror's, or one by its digest. */
  readonly base: string | undefined;
  /** The digest of a bundle to take although it has no passing certificate. */
  readonly uncertified: string | undefined;
}

/** The flags as they were typed. */
export interface ImageFlags {
  readonly engine?: string | undefined;
  readonly tag?: string | undefined;
  readonly base?: string | undefined;
  readonly uncertified?: string | undefined;
}

/** The version of this project, which is also the tag that the deployments name. */
export function projectVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

/** `registry:5000/team/name:tag`: a tag may follow the last slash only, since a colon before it is a port's. */
const named =
  /^(?:[a-z0-9][a-z0-9.-]*(?::\d+)?\/)?(?:[a-z0-9][a-z0-9._-]*\/)*[a-z0-9][a-z0-9._-]*:([A-Za-z0-9_][A-Za-z0-9._-]{0,127})$/;

/** @throws UsageError with all problems at once */
export function readImageOptions(flags: ImageFlags, positionals: readonly string[]): ImageOptions {
  const { engine, tag = `hft-engine:${projectVersion()}`, base, uncertified } = flags;
  const problems = positionals.map((argument) => `'${argument}' is not expected`);
  const known = engineNames.find((name) => name === engine);
  if (engine !== undefined && known === undefined) {
    problems.push(`--engine takes ${engineNames.join(', ')}, not '${engine}'`);
  }
  const version = named.exec(tag)?.[1];
  if (version === undefined) problems.push(`--tag takes a name and a version, such as hft-engine:1.2.3, not '${tag}'`);
  if (version === 'latest') problems.push(`--tag takes a version: 'latest' says nothing of what runs`);
  if (base !== undefined && !/^[\w][\w./:@-]*$/.test(base)) problems.push('--base takes the name of an image');
  problems.push(...waiverProblems(uncertified));
  if (problems.length > 0) throw new UsageError(problems.join('\n  '));
  return { engine: known, tag, base, uncertified };
}
