/** Why a connection was refused, by us or by the broker: what is wrong, and what to do. Nothing of it is a secret. */
export interface ConnectionRefusal {
  readonly cause: string;
  readonly remedy: string;
}

type Known = readonly [pattern: RegExp, cause: string | ((found: RegExpExecArray) => string), remedy: string];

/** Told apart by OpenSSL's and Kafka's words: codes do not come through kafkajs everywhere. */
const known: readonly Known[] = [
  [
    // Without a name in its list, a certificate is for its CN.
    /altnames: (?:Host: (\S+?)\.|IP: (\S+)) is not (?:in the cert's altnames|in the cert's list|cert's CN): ?([^\n]*)/,
    ([, host, address, names]) =>
      `its certificate is for ${names || 'no address'}, not for ${host ?? address}, as it was called`,
    'name the brokers in KAFKA_BOOTSTRAP_SERVERS as their certificate does, or have it issued for that name',
  ],
  [
    /certificate has expired/i,
    'its certificate has expired',
    "have the broker's certificate renewed, and see that the clock of this machine is right",
  ],
  [/certificate is not yet valid/i, 'its certificate is not valid yet', 'see that the clock of this machine is right'],
  [
    /self.signed certificate|unable to (get|verify)|certificate signature failure/i,
    'its certificate is signed by an authority that is not trusted here',
    'name the authority that signed it with KAFKA_CA_FILE',
  ],
  [
    // Java says of a certificate that is missing what it says of a bad one.
    /alert (certificate required|handshake failure|bad certificate|certificate unknown|certificate expired|unknown ca|unsupported certificate)/i,
    'it refuses our certificate: there is none, it has expired, or its authority is not trusted there',
    'see what KAFKA_CERT_FILE and KAFKA_KEY_FILE name, and renew it; new connections use what the files hold',
  ],
  [
    /wrong version number|packet length too long/i,
    'it does not speak TLS there',
    'use the port of its TLS listener, or set KAFKA_SECURITY=plaintext',
  ],
  [
    /SASL|authentication failed/i,
    'it refuses the user or its password',
    'check KAFKA_USERNAME and KAFKA_PASSWORD, that the user exists, and that this listener takes what KAFKA_SECURITY says',
  ],
];

/** What an error on the way to a broker means, when it means that the two will not talk. */
export function connectionRefusal(error: unknown): ConnectionRefusal | undefined {
  const text = textOf(error);
  for (const [pattern, cause, remedy] of known) {
    const found = pattern.exec(text);
    if (found) return { cause: typeof cause === 'string' ? cause : cause(found), remedy };
  }
  return undefined;
}

function textOf(error: unknown): string {
  const parts: string[] = [];
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    parts.push(at.name, at.message);
  }
  return parts.join('\n');
}
