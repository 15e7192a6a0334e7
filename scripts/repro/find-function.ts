import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FunctionDefinition } from '../../functions/runtime/contract.ts';
import { CommandError } from '../support/command.ts';

/** A function of this tree. */
export interface FoundFunction {
  readonly definition: FunctionDefinition<unknown>;
  /** From the root of the repository. */
  readonly path: string;
  /** What its file calls it. */
  readonly exportName: string;
}

/**
 * Finds a function by its name, which a record gave: only the folders that are there are looked at.
 * @throws CommandError when this tree has none of that name
 */
export async function findFunction(root: string, name: string): Promise<FoundFunction> {
  const names = readdirSync(join(root, 'functions')).filter((one) =>
    existsSync(join(root, 'functions', one, 'definition.ts')),
  );
  if (names.includes(name)) {
    const path = `functions/${name}/definition.ts`;
    const exports: Readonly<Record<string, unknown>> = await import(pathToFileURL(join(root, path)).href);
    for (const [exportName, value] of Object.entries(exports)) {
      if (isDefinition(value) && value.name === name) return { definition: value, path, exportName };
    }
  }
  throw new CommandError(`its function '${name}' is not of this tree, which has: ${names.join(', ')}`);
}

function isDefinition(value: unknown): value is FunctionDefinition<unknown> {
  return typeof value === 'object' && value !== null && ('handle' in value || 'handleBatch' in value);
}
