import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from '../../../scripts/support/command.ts';
import { askBroker, flexibleRequest } from '../ask.ts';
import type { Inside } from '../inside.ts';

const scramSha512 = 2;
/** The least that Kafka takes. A random password of 192 bits needs no more. */
const iterations = 4_096;
const patienceMs = 20_000;

/**
 * Makes users with their passwords, or gives them these passwords anew. It is done by the brokers' own certificate, over
 * the protocol: formatting the storage with users would put their passwords on a command line, for all to see.
 */
export async function makeUsers(
  port: number,
  inside: Inside,
  passwords: Readonly<Record<string, string>>,
): Promise<void> {
  const request = alterScramRequest(passwords);
  const until = Date.now() + patienceMs;
  for (;;) {
    const problem = await askBroker(port, inside, request).then(parseProblem, (error: Error) => error.message);
    if (problem === undefined) return;
    if (Date.now() > until) throw new CommandError(`the brokers did not make the users of the cluster: ${problem}`);
    await delay(200);
  }
}

/** AlterUserScramCredentials, version 0. https://kafka.apache.org/protocol#The_Messages_AlterUserScramCredentials */
export function alterScramRequest(passwords: Readonly<Record<string, string>>): Buffer {
  const upserts = Object.entries(passwords).map(([name, password]) => {
    const salt = randomBytes(32);
    const numbers = Buffer.alloc(5);
    numbers.writeInt8(scramSha512, 0);
    numbers.writeInt32BE(iterations, 1);
    const salted = pbkdf2Sync(password, salt, iterations, 64, 'sha512');
    return Buffer.concat([compact(Buffer.from(name)), numbers, compact(salt), compact(salted), Buffer.from([0])]);
  });
  return flexibleRequest(51, 0, Buffer.from([1, upserts.length + 1]), ...upserts, Buffer.from([0]));
}

/** Short bytes or text: all here are. */
function compact(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([content.length + 1]), content]);
}

/** What the answer has against it; behind correlation id, tags and throttle time it has one result a user. */
export function parseProblem(answer: Buffer): string | undefined {
  const count = (answer[9] ?? 1) - 1;
  let at = 10;
  for (let index = 0; index < count; index += 1) {
    const nameLength = (answer[at] ?? 1) - 1;
    const name = answer.toString('utf8', at + 1, at + 1 + nameLength);
    at += 1 + nameLength;
    const errorCode = answer.readInt16BE(at);
    const messageLength = Math.max(0, (answer[at + 2] ?? 0) - 1);
    const message = answer.toString('utf8', at + 3, at + 3 + messageLength);
    if (errorCode !== 0) return `user ${name}: error ${errorCode} ${message}`.trim();
    at += 3 + messageLength + 1;
  }
  return count === 0 ? 'the answer is empty' : undefined;
}
