import { utf8 } from './bytes-text.ts';
import { envelopeOf, placeOf } from './letter.ts';
import { envelopeHeaders, type RawBody } from './raw-headers.ts';

interface Bytes {
  /** As they are. */
  readonly base64: string | null;
  /** Where they are UTF-8: to read. */
  readonly text?: string;
}

function bytesJson(bytes: Buffer | null): Bytes {
  if (bytes === null) return { base64: null };
  const text = utf8(bytes);
  return { base64: bytes.toString('base64'), ...(text === undefined ? {} : { text }) };
}

/** One dead letter for a program: every byte in base64, with the text beside it where it is text. */
export function recordJson(
  topic: string,
  at: { readonly partition: number; readonly offset: number },
  timestamp: number,
  body: RawBody,
): object {
  const envelope = envelopeOf(at.partition, at.offset, body);
  const { key, value, headers } = body;
  return {
    ...{ topic, partition: at.partition, offset: at.offset, place: placeOf(at), diedAtMs: timestamp },
    ...(envelope instanceof Error ? { error: null, problem: envelope.message } : { error: envelope }),
    ...{ key: bytesJson(key), value: bytesJson(value) },
    headers: headers
      .filter(({ name }) => envelope instanceof Error || !envelopeHeaders.has(name))
      .map(({ name, value: held }) => ({ name: bytesJson(Buffer.from(name, 'latin1')), value: bytesJson(held) })),
  };
}
