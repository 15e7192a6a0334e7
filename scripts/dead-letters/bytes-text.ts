import { printable } from '../support/words.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });
const bytesPerLine = 16;

/** Bytes as text when they are UTF-8; undefined when they are not. */
export function utf8(bytes: Buffer): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Bytes in one line that can do nothing to a terminal: as text, or else in hexadecimal. */
export function inOneLine(bytes: Buffer | null, most = 80): string {
  if (bytes === null) return 'null';
  const text = bytes.length > most * 4 ? undefined : utf8(bytes);
  const whole = text === undefined ? `hex:${bytes.subarray(0, most).toString('hex')}` : printable(text);
  const clipped = whole.length > most ? `${whole.slice(0, most)}…` : whole;
  return clipped.length < whole.length || (text === undefined && bytes.length > most)
    ? `${clipped} (${bytes.length} bytes)`
    : clipped;
}

/**
 * A value in lines, each with a margin that nothing in it can forge: as text when it is UTF-8, or else as a dump. At most
 * so many bytes.
 */
export function inLines(bytes: Buffer | null, most: number): string[] {
  if (bytes === null) return ['  | null'];
  // A character that is cut in two makes no dump of what is text: the whole is looked at.
  const text = utf8(bytes);
  const part = bytes.subarray(0, most);
  const rest = bytes.length > part.length ? [`  … ${bytes.length - part.length} bytes more (--bytes)`] : [];
  if (text === undefined) return [...dump(part), ...rest];
  return [
    ...part
      .toString()
      .split('\n')
      .map((line) => `  | ${printable(line)}`),
    ...rest,
  ];
}

function dump(bytes: Buffer): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += bytesPerLine) {
    const part = bytes.subarray(at, at + bytesPerLine);
    const hex = [...part].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const shown = part.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
    lines.push(`  ${at.toString(16).padStart(8, '0')}  ${hex.padEnd(bytesPerLine * 3)} ${shown}`);
  }
  return lines;
}
