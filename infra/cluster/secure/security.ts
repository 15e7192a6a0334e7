import { CommandError } from '../../../scripts/support/command.ts';
import { grantRights, rightsOf } from '../../../scripts/support/kafka/acls.ts';
import { openBroker } from '../../../scripts/support/kafka/broker.ts';
import { principals } from '../../rights.ts';
import type { Inside } from '../inside.ts';
import type { BrokerPorts } from '../layout.ts';
import { makeCredentials, readPasswords, securityFiles, writeEnvironments } from './files.ts';
import { makeUsers } from './users.ts';

/** What clients of a secured cluster need. Nothing of it is a secret: those are in the files. */
export interface ClusterSecurity {
  /** The authority to trust. */
  readonly authorityFile: string;
  /** Each user, and the file with its settings (KAFKA_*), to source or for `--env-file`. */
  readonly users: readonly { readonly name: string; readonly environmentFile: string }[];
}

/** Who grants the others their rights, by `npm run topics -- apply`. */
const operator = 'operator';

/** Makes certificates, passwords and the users' environments, before the brokers start. */
export function prepareSecurity(dir: string, brokers: readonly BrokerPorts[]): void {
  makeCredentials(dir);
  writeEnvironments(
    dir,
    brokers.map(({ port }) => `127.0.0.1:${port}`),
  );
}

/** Makes the users on brokers that answer, and gives the operator its rights; all others get theirs of the operator. */
export async function letUsersIn(dir: string, brokers: readonly BrokerPorts[], inside: Inside): Promise<void> {
  const [broker] = brokers;
  if (!broker || !inside.ssl) throw new Error(`cluster.json in ${dir} has no secured brokers`);
  await makeUsers(inside.port(broker), inside, readPasswords(dir));
  const connection = await openBroker(`127.0.0.1:${inside.port(broker)}`, { ssl: inside.ssl });
  try {
    const rights = rightsOf(principals.filter(({ name }) => name === operator));
    await grantRights((question) => question(connection), rights);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`the brokers did not grant ${operator} its rights (${reason}): look at their logs`);
  } finally {
    await connection.close();
  }
}

/** What clients need of the cluster of a directory. */
export function securityOf(dir: string): ClusterSecurity {
  const files = securityFiles(dir);
  const users = principals.map(({ name }) => ({ name, environmentFile: files.environment(name) }));
  return { authorityFile: files.authority, users };
}
