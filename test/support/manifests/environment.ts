import { databaseSettingSpecs } from '../../../functions/database/settings.ts';
import { killAfterDrainMs } from '../../../functions/hosts/container/entry.ts';
import type { FunctionDefinition } from '../../../functions/runtime/contract.ts';
import { StartupError } from '../../../functions/runtime/errors.ts';
import { readSettings } from '../../../functions/runtime/read-settings.ts';
import { type Settings, settingSpecs } from '../../../functions/runtime/settings.ts';

const names = new Set<string>(Object.values({ ...settingSpecs, ...databaseSettingSpecs }).map(({ name }) => name));
/** What the image, or Node, reads and the runtime does not. */
const others = new Set(['NODE_ENV']);

/** The functions of each bundle, by its name in the image. */
export type Bundles = Readonly<Record<string, readonly Pick<FunctionDefinition<never>, 'name' | 'checkSettings'>[]>>;

/** MB that an instance was seen to take: `npm run bench`; 6,700 snapshots of 160 options behind, one instance each. */
export const seenMb: Readonly<Record<string, number>> = { processor: 293, storage: 167, analytics: 306 };

/** The settings that an instance would start with in this environment, or what it would end with. */
export function settingsOf(
  env: Readonly<Record<string, string>>,
  checkOwn?: Parameters<typeof readSettings>[1],
): { settings?: Settings; problems: string[] } {
  const problems = Object.keys(env)
    .filter((name) => !names.has(name) && !others.has(name))
    .map((name) => `there is no setting ${name}`);
  try {
    return { settings: readSettings(env, checkOwn), problems };
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return { problems: [...problems, ...error.problems] };
  }
}

/** What is wrong with the time between SIGTERM and SIGKILL. */
export function graceProblems(graceMs: number, { drainDeadlineMs }: Settings): string[] {
  const needed = drainDeadlineMs + killAfterDrainMs;
  if (graceMs > needed) return [];
  return [`killed ${graceMs / 1_000} s after SIGTERM, but draining and leaving may take ${needed / 1_000} s`];
}

/** What is wrong with the image that a deployment names. */
export function imageProblems(image: string, version: string): string[] {
  const tag = /:([^:/]+)$/.exec(image)?.[1];
  return tag === version ? [] : [`image is ${image}, not of version ${version}`];
}
