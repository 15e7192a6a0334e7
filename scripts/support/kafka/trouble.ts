import { connectionRefusal } from '../../../functions/kafka/kafkajs/connection-refusal.ts';

/** Why something could not be asked of a broker: for the sentence, and for what to do. */
export interface Trouble {
  readonly cause: string;
  readonly remedy: string;
}

const startIt = "start it ('npm run cluster -- start' for the local one), or correct the address";

/** The clearest things that go wrong on the way to a broker, by what the error says. */
const known: readonly (readonly [pattern: RegExp, cause: string, remedy: string])[] = [
  [/ECONNREFUSED/, 'Nothing listens there.', `See that the broker runs: ${startIt}.`],
  [/ENOTFOUND|EAI_AGAIN/, 'The name of the host is not known.', 'Correct the name, or the DNS of this machine.'],
  [/EHOSTUNREACH|ENETUNREACH/, 'There is no route to it.', 'Check the network, the VPN and the security groups.'],
  [
    /connection timeout|ETIMEDOUT/i,
    'It takes no connections and refuses none, within 3 s.',
    'Check that the host is up, and the firewall or security group between.',
  ],
  [
    /request timeout|timed out/i,
    'It takes connections, but does not answer.',
    'See whether the broker hangs or is paused, and look at its log.',
  ],
  [
    /ECONNRESET|EPIPE|closed connection|disconnect/i,
    'It closes the connection.',
    'Check that this is the port of a Kafka listener, and that KAFKA_SECURITY is what that listener wants.',
  ],
  [/AUTHORIZATION_FAILED|not authorized/i, 'This user may not ask it.', 'Grant the user Describe and Read.'],
];

/** What an error on the way to a broker means. */
export function troubleOf(error: unknown): Trouble {
  const refusal = connectionRefusal(error);
  if (refusal) return { cause: `${upperFirst(refusal.cause)}.`, remedy: `${upperFirst(refusal.remedy)}.` };
  const text = errorText(error);
  const [, cause, remedy] = known.find(([pattern]) => pattern.test(text)) ?? [];
  if (cause !== undefined && remedy !== undefined) return { cause, remedy };
  const line = innermost(error).split('\n')[0]?.slice(0, 200) ?? '';
  return { cause: `The request failed: ${line.replace(/\.$/, '')}.`, remedy: "Look at the broker's log." };
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function innermost(error: unknown): string {
  let at = error;
  for (let depth = 0; at instanceof Error && at.cause !== undefined && depth < 5; depth += 1) at = at.cause;
  return at instanceof Error ? at.message : String(at);
}

/** The error, the errors behind it and their codes, as one text to search. */
function errorText(error: unknown): string {
  const parts: string[] = [];
  for (let at = error, depth = 0; at !== undefined && at !== null && depth < 5; depth += 1) {
    if (!(at instanceof Error)) {
      parts.push(String(at));
      break;
    }
    parts.push(at.message, 'code' in at ? String(at.code) : '', 'type' in at ? String(at.type) : '');
    at = at.cause;
  }
  return parts.filter((part) => part !== '').join(' ');
}
