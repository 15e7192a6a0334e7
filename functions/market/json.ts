import { isUtf8 } from 'node:buffer';
import { BadInputError, messageOf } from '../runtime/errors.ts';
import { escapeControls } from './fields.ts';

const longestReason = 200;
/** The contract's: a message has at most 1 MB, as its topic takes it. */
const mostBytes = 1_048_576;

/**
 * Bytes to JSON. Safe for any bytes: V8's parser keeps its own stack, so depth cannot overflow the call stack, and it
 * makes `__proto__` a plain field. Of a name given twice the last counts. A byte order mark is no JSON (RFC 8259).
 *
 * @throws BadInputError `DECODE_FAILED`
 */
export function parseJson(value: Buffer | null): unknown {
  if (value === null) throw new BadInputError('DECODE_FAILED', 'expected JSON, got a null value (a tombstone)');
  if (value.length === 0) throw new BadInputError('DECODE_FAILED', 'expected JSON, got an empty value');
  // Parsed, it may take 20 times its bytes: a compressed batch may bring more than the topic's limit.
  if (value.length > mostBytes) {
    throw new BadInputError('CONTRACT_VIOLATED', `message: expected at most ${mostBytes} bytes, got ${value.length}`);
  }
  // The decoder would replace wrong bytes by U+FFFD without a word: they must be found before it runs.
  if (!isUtf8(value)) throw new BadInputError('DECODE_FAILED', 'expected UTF-8, got bytes that are not');
  if (value[0] === 0xef && value[1] === 0xbb && value[2] === 0xbf) {
    throw new BadInputError('DECODE_FAILED', 'expected JSON, got a byte order mark before it');
  }
  try {
    const json: unknown = JSON.parse(value.toString('utf8'));
    return json;
  } catch (error) {
    // The parser quotes the input around the fault.
    const reason = escapeControls(messageOf(error).slice(0, longestReason));
    throw new BadInputError('DECODE_FAILED', `expected JSON: ${reason}`, error);
  }
}
