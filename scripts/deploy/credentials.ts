import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CommandError } from '../support/command.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Looks whether there is anything to sign requests with, before anything is packaged or sent. Whether an account takes
 * it, only the account can say.
 * @throws CommandError with the remedy, when there is nothing
 */
export function requireCredentials(env: Environment, home: string = homedir()): void {
  const files = [
    env.AWS_SHARED_CREDENTIALS_FILE ?? join(home, '.aws', 'credentials'),
    env.AWS_CONFIG_FILE ?? join(home, '.aws', 'config'),
  ];
  const inEnvironment =
    (env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY) ||
    env.AWS_WEB_IDENTITY_TOKEN_FILE ||
    env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI ||
    env.AWS_CONTAINER_CREDENTIALS_FULL_URI;
  if (inEnvironment || files.some((file) => existsSync(file))) return;
  throw new CommandError(
    'There are no credentials of an account: nothing was packaged or changed.\n' +
      '  Looked for AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, a web identity or container credentials in the\n' +
      `  environment, and for ${files.join(' and ')}.\n` +
      '  Sign in (`aws sso login`, `aws configure`), or see what would be deployed with --dry-run, which needs none.',
  );
}
