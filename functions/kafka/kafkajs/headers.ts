import type { IHeaders } from 'kafkajs';
import type { RecordHeaders } from '../../runtime/contract.ts';

/**
 * The headers of a record as they stood on the wire. kafkajs collects them on a plain object and takes what that inherits
 * for an earlier value: a header called `constructor` comes as that function, and the bytes behind it.
 */
export function readHeaders(headers: IHeaders | undefined): RecordHeaders {
  let read = (headers ?? {}) as RecordHeaders; // read from the wire: Buffers, but for what is mended here
  for (const name in headers) {
    const values = name in Object.prototype ? read[name] : undefined;
    if (!Array.isArray(values)) continue;
    const sent = values.slice(1);
    read = { ...read, [name]: sent.length === 1 ? sent[0] : sent };
  }
  return read;
}
