import { CommandError } from '../../support/command.ts';
import { errorName } from '../../support/kafka/broker.ts';
import { printable } from '../../support/words.ts';

/** A call that a broker refused. */
export interface Refused {
  /** What was wanted, as it goes on after `cannot`: `create topic market.raw`. */
  readonly wanted: string;
  /** The right that the call takes, as Kafka's ACLs name it: `Create on topic market.raw`. */
  readonly right: string;
  readonly code: number;
  /** What the broker says to it, when it says something. */
  readonly message?: string | null | undefined;
}

const deniedCodes: ReadonlySet<number> = new Set([29, 31]);

const remedies: Readonly<Record<string, string>> = {
  INVALID_REPLICATION_FACTOR: 'start the brokers that are missing, or declare fewer replicas',
  INVALID_CONFIG: 'correct the setting in the declaration',
  INVALID_PARTITIONS: 'correct the number of partitions in the declaration',
  INVALID_TOPIC_EXCEPTION: 'correct the name in the declaration',
  POLICY_VIOLATION: "declare what the cluster's policy allows, or have the policy changed",
  REASSIGNMENT_IN_PROGRESS: 'wait until the reassignment of its partitions has ended, and run it again',
  REQUEST_TIMED_OUT: 'see whether the controller is well, and run it again: what is done stays done',
  NOT_CONTROLLER: 'see whether the controller is well, and run it again: what is done stays done',
  UNKNOWN_TOPIC_OR_PARTITION: 'somebody deleted it meanwhile: run it again',
};

/** One sentence for a refusal: what was wanted, why not, and what to do. */
export function refusal({ wanted, right, code, message }: Refused): CommandError {
  if (deniedCodes.has(code)) {
    return new CommandError(
      printable(`not allowed to ${wanted} (${errorName(code)}): grant this user ${right}, or use one that has it.`),
    );
  }
  const name = errorName(code) ?? 'no error';
  const said = message ? `, ${message.replace(/\.$/, '')}` : '';
  return new CommandError(
    printable(`cannot ${wanted} (${name}${said}): ${remedies[name] ?? "look at the controller's log"}.`),
  );
}
