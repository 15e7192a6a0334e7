import { pathToFileURL } from 'node:url';
import type { runtime } from '../../../functions/database-main.ts';
import type { FunctionDefinition } from '../../../functions/runtime/contract.ts';

/** Any of its functions, with what makes its resources. */
type Definition = FunctionDefinition<unknown> & {
  setup(env: Readonly<Record<string, string>>): Promise<unknown>;
  close(resources: unknown): Promise<void>;
};

/** What dist/database.mjs, or one with a bug, has in it. */
export async function loadBundle(path: string): Promise<{
  readonly functions: Readonly<Record<'storage' | 'analytics', Definition>>;
  readonly invoke: (typeof runtime)['invoke'];
}> {
  const module = await import(pathToFileURL(path).href);
  return module.runtime;
}
