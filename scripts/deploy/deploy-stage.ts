import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import type { Target } from '../package/options.ts';
import { keepTemplate, keptTemplatePath, type Packaged } from '../package/package-stage.ts';
import { packageFolder, runServerless } from '../package/serverless.ts';
import { readTemplate } from '../package/template.ts';
import { changesBetween, type ResourceChange } from './changes.ts';

/** What a deployment would do. */
export interface Plan {
  readonly packaged: Packaged;
  /** The template compared with; undefined when none is known. */
  readonly against: string | undefined;
  readonly changes: readonly ResourceChange[];
}

/** Where the template to compare with is: the one given, or the one that was kept, if any. */
function previousTemplate(target: Target, given: string | undefined): string | undefined {
  const kept = keptTemplatePath(target);
  return given ?? (existsSync(kept) ? kept : undefined);
}

/**
 * Compares a package with what the stage has. The keys of the accepted topics may move.
 * @throws CommandError when the template given cannot be read
 */
export function planDeployment(packaged: Packaged, given: string | undefined, accepted: readonly string[] = []): Plan {
  const path = previousTemplate(packaged.target, given);
  if (path === undefined) return { packaged, against: undefined, changes: [] };
  const changes = changesBetween(readTemplate(path), packaged.template, accepted);
  return { packaged, against: relative(process.cwd(), path), changes };
}

/** Whether CloudFormation could do all of it, and may. */
export function isPossible({ changes }: Plan): boolean {
  return changes.every(({ action }) => action !== 'impossible' && action !== 'refused');
}

/** Deploys a package to the account that the environment's credentials are for, and keeps its template. */
export async function deployStage({ packaged }: Plan): Promise<void> {
  await runServerless('deploy', packaged.target, packageFolder(packaged.target));
  keepTemplate(packaged);
}
