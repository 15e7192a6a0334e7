import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The program that runs a handler inside an execution environment. */
export interface RuntimeClient {
  readonly program: string;
  /** Whether it is AWS's own, and not what stands in for it. */
  readonly genuine: boolean;
}

const standIn: RuntimeClient = {
  program: fileURLToPath(new URL('runtime-client.ts', import.meta.url)),
  genuine: false,
};

/** AWS's runtime client where it is installed and built, or the stand-in. */
export function findRuntimeClient(): RuntimeClient {
  try {
    const program = createRequire(new URL('../../infra/lambda-runtime/package.json', import.meta.url)).resolve(
      'aws-lambda-ric',
    );
    // Installed without its scripts, the package lacks its native part.
    if (existsSync(join(dirname(program), 'rapid-client.node'))) return { program, genuine: true };
  } catch {
    // Not installed: an optional package.
  }
  return standIn;
}

/** What stands in for AWS's runtime client. */
export function standInClient(): RuntimeClient {
  return standIn;
}

/** What to tell a person who gets the stand-in. */
export const standInNotice =
  'aws-lambda-ric is not built here: a stand-in runs the function. For AWS’s own runtime client: npm ci --prefix infra/lambda-runtime ' +
  '(needs cmake, g++, make and xz; takes a minute)';
