/** What the terminal can show. */
export interface Look {
  readonly color: boolean;
  /** Otherwise plain ASCII. */
  readonly unicode: boolean;
}

/** Text with colours, or without: what is said never depends on them. */
export interface Pen {
  readonly look: Look;
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
  /** On the ground of an instance: the same number, the same colour. */
  owner(instance: number, text: string): string;
  /** One character as Unicode, or its stand-in. */
  glyph(unicode: string, ascii: string): string;
}

const introducer = '\u001b[';
/** Of the 256-colour cube: light enough for black letters, and apart from each other also for most colour-blind eyes. */
const grounds = [75, 214, 114, 183, 222, 80, 209, 151, 147, 180];

export function createPen(look: Look): Pen {
  const paint = (code: string) => (text: string) => (look.color ? `${introducer}${code}m${text}${introducer}0m` : text);
  return {
    look,
    bold: paint('1'),
    dim: paint('2'),
    good: paint('32'),
    warn: paint('33'),
    bad: paint('1;31'),
    owner: (instance, text) => paint(`38;5;16;48;5;${grounds[(instance - 1) % grounds.length] ?? 75}`)(text),
    glyph: (unicode, ascii) => (look.unicode ? unicode : ascii),
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what begins a colour
const colour = /\u001b\[[0-9;]*m/;

/** How many columns a text takes; its colours take none. */
export function widthOf(text: string): number {
  return [...text.replace(new RegExp(colour, 'g'), '')].length;
}

/** Cut to so many columns, with all colours closed. */
export function clip(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let out = '';
  let used = 0;
  for (const part of text.split(new RegExp(`(${colour.source})`))) {
    if (colour.test(part)) {
      out += part;
      continue;
    }
    for (const character of part) {
      if (used < columns) out += character;
      used += 1;
    }
  }
  return out;
}

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const asciiBars = ['_', '.', '-', '=', '+', '*', '%', '#'];

/** The last values as one row of bars, the highest of them full. */
export function sparkline(values: readonly number[], columns: number, { unicode }: Look): string {
  const shown = values.slice(-columns);
  const top = Math.max(1, ...shown);
  const set = unicode ? bars : asciiBars;
  return shown.map((value) => set[Math.min(7, Math.round((value / top) * 7))] ?? '').join('');
}
