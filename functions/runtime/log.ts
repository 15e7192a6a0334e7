import { type Logger as PinoLogger, pino } from 'pino';
import type { Logger } from './contract.ts';

/**
 * The process's logger: one JSON object a line on standard output. Written at once, not buffered: the lines before a
 * crash are the ones that matter, and nothing is logged per record on the good path.
 */
export function createLogger(level: string, bindings: Record<string, unknown>): Logger {
  const options = { level, base: bindings, timestamp: pino.stdTimeFunctions.isoTime };
  // Node writes at once to files, pipes and terminals. pino's own destination would be one more package to load.
  return adapt(pino(options, { write: (line: string) => void process.stdout.write(inert(line)) }));
}

/**
 * A line as a terminal may show it. JSON escapes the control characters of ASCII and no others: of the rest, those that
 * terminals obey, end lines or turn the direction of text are escaped here. A reader of JSON gets what was logged.
 */
export function inert(line: string): string {
  return line.replace(terminal, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const terminal = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

// Whoever read the lines is gone: that is no reason to stop handling records.
process.stdout.on('error', () => undefined);

function adapt(logger: PinoLogger): Logger {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (bindings) => adapt(logger.child(bindings)),
  };
}
