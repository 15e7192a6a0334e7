const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/** The flags of `npm start`. */
export const startFlags = {
  ...{ instances: text, rate: text, symbols: text, contracts: text, 'poison-share': text, seed: text },
  ...{ mode: text, cpu: text, profile: text, for: text, plan: text },
  ...{
    autoscale: flag,
    policy: text,
    burst: flag,
    json: flag,
    plain: flag,
    'without-database': flag,
    'database-gb': text,
  },
} as const;

/** The flags as typed; one that was not typed is absent. */
export type StartFlags = { readonly [Name in keyof typeof startFlags]?: string | boolean | undefined };
