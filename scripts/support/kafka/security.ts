import { clientSecurity } from '../../../functions/hosts/shared/client-security.ts';
import { StartupError } from '../../../functions/runtime/errors.ts';
import { readTable, securityProblems } from '../../../functions/runtime/read-settings.ts';
import { type Settings, settingSpecs } from '../../../functions/runtime/settings.ts';
import { CommandError } from '../command.ts';
import type { Security } from './broker.ts';

const { security, username, password, caFile, certFile, keyFile } = settingSpecs;

/**
 * How a command and the brokers know each other: by the same settings as an instance.
 * @throws CommandError with everything wrong with them
 */
export function securityFrom(
  environment: Readonly<Record<string, string | undefined>>,
  bootstrapServers: readonly string[],
): Security {
  const problems: string[] = [];
  const specs = { security, username, password, caFile, certFile, keyFile };
  const read = readTable(specs, environment, problems) as Partial<Settings>; // the specs' own types
  problems.push(...securityProblems(read));
  if (problems.length > 0) throw new CommandError(problems.join('\n  '));
  return securityOf({ ...(read as Settings), bootstrapServers }); // nothing of it is wrong
}

/** @throws CommandError when the files that are named cannot be used */
export function securityOf(settings: Parameters<typeof clientSecurity>[0]): Security {
  try {
    return clientSecurity(settings);
  } catch (error) {
    if (error instanceof StartupError) throw new CommandError(error.message);
    throw error;
  }
}
