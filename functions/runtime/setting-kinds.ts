/** One environment variable: its name, what it accepts, its default and what it does. */
export interface SettingSpec<Value> {
  readonly name: string;
  /** The text that applies when the variable is not set; `null` when it is optional, `undefined` when required. */
  readonly fallback: string | null | undefined;
  readonly accepts: string;
  readonly effect: string;
  readonly secret?: boolean;
  /** The value, or `undefined` when the text is not accepted. */
  readonly parse: (text: string) => Value | undefined;
}

/** Keeps the type of the setting's value. */
export function setting<Value>(spec: SettingSpec<Value>): SettingSpec<Value> {
  return spec;
}

/** A whole number within bounds. */
export const integer = (min: number, max: number) => ({
  accepts: `a whole number from ${min} to ${max}`,
  parse: (text: string): number | undefined => {
    const value = Number(text);
    return /^\d+$/.test(text) && value >= min && value <= max ? value : undefined;
  },
});

/** One of a few words. */
export const oneOf = <const Choices extends readonly string[]>(choices: Choices) => ({
  accepts: `one of ${choices.join(', ')}`,
  parse: (text: string): Choices[number] | undefined => choices.find((choice) => choice === text),
});

/** A decimal number within bounds. */
export const number = (min: number, max: number) => ({
  accepts: `a number from ${min} to ${max}`,
  parse: (text: string): number | undefined => {
    const value = Number(text);
    return /^-?\d+(\.\d+)?$/.test(text) && value >= min && value <= max ? value : undefined;
  },
});

/** Text of a shape. */
export const text = (pattern: RegExp, accepts: string) => ({
  accepts,
  parse: (value: string): string | undefined => (pattern.test(value) ? value : undefined),
});

/** The name of a topic or a group. */
export const kafkaName = text(/^[A-Za-z0-9._-]{1,249}$/, '1 to 249 letters, digits, dots, dashes or underscores');

/** Brokers as host:port, with commas between. */
export function parseBrokers(value: string): readonly string[] | undefined {
  const brokers = value.split(',').map((part) => part.trim());
  const valid = brokers.every((broker) => {
    const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(broker);
    return match !== null && Number(match[2]) >= 1 && Number(match[2]) <= 65_535;
  });
  return valid ? brokers : undefined;
}
