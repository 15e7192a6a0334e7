import { readFileSync } from 'node:fs';
import { CommandError } from '../support/command.ts';

/** A resource of a CloudFormation template. Its properties are whatever its type takes. */
export interface Resource {
  readonly Type: string;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: string;
  readonly Metadata?: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: every type has its own properties, and CloudFormation knows them
  readonly Properties?: Readonly<Record<string, any>>;
}

/** A CloudFormation template, as far as this project reads one. */
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
  readonly Parameters?: Readonly<Record<string, unknown>>;
}

/** @throws CommandError when the file is not there or is no template */
export function readTemplate(path: string): Template {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CommandError(`${path} cannot be read as a template: ${error instanceof Error ? error.message : error}`);
  }
  const resources = (parsed as { Resources?: unknown } | null)?.Resources;
  if (typeof resources !== 'object' || resources === null) {
    throw new CommandError(`${path} is no template: it has no Resources`);
  }
  return parsed as Template;
}

/** The resources of a type, with their logical ids. */
export function resourcesOf(template: Template, type: string): [id: string, resource: Resource][] {
  return Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);
}
