import type { Action } from './plan.ts';

/** What a key press means in the live view. */
export type Command =
  | { readonly kind: 'do'; readonly action: Action }
  /** kill -9 of the chosen instance. */
  | { readonly kind: 'kill' }
  | { readonly kind: 'choose'; readonly step: 1 | -1 }
  | { readonly kind: 'quit' };

const commands: Readonly<Record<string, Command>> = {
  '+': { kind: 'do', action: { kind: 'add', count: 1 } },
  '=': { kind: 'do', action: { kind: 'add', count: 1 } }, // the same key without shift
  '-': { kind: 'do', action: { kind: 'remove', count: 1 } },
  p: { kind: 'do', action: { kind: 'poison', count: 20 } },
  b: { kind: 'do', action: { kind: 'kill-broker' } },
  B: { kind: 'do', action: { kind: 'restart-broker' } },
  k: { kind: 'kill' },
  q: { kind: 'quit' },
  '\u0003': { kind: 'quit' }, // Ctrl-C: in raw mode it is a key like any other
  '\u0004': { kind: 'quit' },
  '\u001b[A': { kind: 'choose', step: -1 },
  '\u001b[B': { kind: 'choose', step: 1 },
  '\u001bOA': { kind: 'choose', step: -1 },
  '\u001bOB': { kind: 'choose', step: 1 },
};

/** The commands in what a terminal sent at once: arrows come as several characters, fast typing as several keys. */
export function readKeys(data: string): Command[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what begins an arrow key
  const keys = data.match(/\u001b[[O][A-Za-z~]|[\s\S]/g) ?? [];
  return keys.flatMap((key) => commands[key] ?? []);
}
