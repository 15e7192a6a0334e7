import type { Random } from '../feed/random.ts';

type Fields = Record<string, unknown>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const values: readonly unknown[] = [
  ...[null, 0, 1, -1, 0.5, 1e-7, 1e21, '', 'CE', 'PE', true, {}, [], '2026-11-26', '2024-02-30', 'é'],
  ...[
    '2026-11-23T10:30:00+05:30',
    '2026-11-26T10:00:00Z',
    '2026-11-26T09:59:59.999999Z',
    1763874000000,
    'A\\B',
    'A\nB',
  ],
];

/** Takes a message apart as JSON, spoils or moves one of its fields, and writes it again, tight or with spaces. */
export function mutateFields(text: string, random: Random): string {
  let message: unknown;
  try {
    message = JSON.parse(Buffer.from(text, 'latin1').toString());
  } catch {
    return text;
  }
  if (!isFields(message)) return text;
  const options = Array.isArray(message.options) ? (message.options as unknown[]) : [];
  const owners = [message, message.spot, message.futures, ...options].filter(isFields);
  const owner = owners[random.bits() % owners.length] ?? message;
  const names = Object.keys(owner);
  const name = names[random.bits() % Math.max(names.length, 1)] ?? 'iv';
  switch (random.bits() % 7) {
    case 0:
      delete owner[name];
      break;
    case 1:
      owner[name] = values[random.bits() % values.length];
      break;
    case 2:
      // To the end of its object.
      moveToEnd(owner, name);
      break;
    case 3:
      owner[random.bits() % 2 === 0 ? 'unknown' : (['iv', 'vix', 'bid', 'futures'][random.bits() % 4] ?? 'iv')] = 1;
      break;
    case 4:
      if (options.length > 0) options.splice(random.bits() % options.length, 1);
      break;
    case 5:
      if (options.length > 1 && options.length < 12)
        options.splice(random.bits() % options.length, 0, copyOf(options, random));
      break;
    default:
      if (options.length > 1) options.push(...options.splice(random.bits() % options.length, 1));
  }
  const json = JSON.stringify(message);
  return Buffer.from(random.bits() % 3 === 0 ? spaced(json) : json).toString('latin1');
}

function moveToEnd(owner: Fields, name: string): void {
  const value = owner[name];
  delete owner[name];
  owner[name] = value;
}

/** An option with a strike of its own, mostly where it belongs: beside the one it is made from. */
function copyOf(options: readonly unknown[], random: Random): unknown {
  const option = options[random.bits() % options.length];
  if (!isFields(option)) return option;
  const strike = Number(option.strike) + (random.bits() % 3) * 0.5;
  return { ...option, strike, option_type: random.bits() % 2 === 0 ? 'CE' : 'PE' };
}

/** As Python writes JSON. No string here contains a comma or a colon before a quote. */
function spaced(json: string): string {
  return json
    .replace(/([,:])(?=["{[\d\-tfn])/g, '$1 ')
    .replace(/T(\d\d): (\d\d): (\d\d)/g, 'T$1:$2:$3')
    .replace(/([+-]\d\d): (\d\d")/g, '$1:$2');
}
