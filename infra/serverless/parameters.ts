import { type StageName, stages } from './stages.ts';

/** Which of the two templates: for a cluster of MSK, or for any other. */
export type Variant = 'msk' | 'self-managed';

/** Something of the account that a stage needs to know the name of. */
export interface ParameterSpec {
  readonly name: string;
  readonly variants: readonly Variant[];
  /** The stages that can do without. */
  readonly optionalIn: readonly StageName[];
  readonly pattern: RegExp;
  readonly accepts: string;
  readonly effect: string;
}

const secretArn = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]+$/;
const both = ['msk', 'self-managed'] as const;
const list = (item: string): RegExp => new RegExp(`^${item}(,${item})*$`);

/** Every parameter of the account. README's table, the command's help and its errors come from here. */
export const parameterSpecs: readonly ParameterSpec[] = [
  {
    name: 'clusterArn',
    variants: ['msk'],
    optionalIn: [],
    pattern: /^arn:aws[a-z-]*:kafka:[a-z0-9-]+:\d{12}:cluster\/[A-Za-z0-9-]+\/[a-z0-9-]+$/,
    accepts: 'the ARN of an MSK cluster, arn:aws:kafka:<region>:<account>:cluster/<name>/<id>',
    effect: 'The cluster: its topics are made, read and written there. The stack goes to its region.',
  },
  {
    name: 'region',
    variants: ['self-managed'],
    optionalIn: [],
    pattern: /^[a-z]{2}(-[a-z]+)+-\d$/,
    accepts: 'a region, such as eu-central-1',
    effect: 'Where the stack goes.',
  },
  {
    name: 'bootstrapServers',
    variants: both,
    optionalIn: [],
    pattern: list('[A-Za-z0-9._-]+:\\d{2,5}'),
    accepts: 'host:port, or several with commas between',
    effect: 'The brokers that the functions write to; on MSK those for IAM, whose port is 9098.',
  },
  {
    name: 'secretArn',
    variants: ['self-managed'],
    optionalIn: [],
    pattern: secretArn,
    accepts: 'the ARN of a secret in Secrets Manager, with the keys username and password',
    effect: 'The SCRAM-SHA-512 user of functions and their pollers. Only its ARN is in the template.',
  },
  {
    name: 'databaseSecretArn',
    variants: both,
    optionalIn: [],
    pattern: secretArn,
    accepts:
      'the ARN of a secret in Secrets Manager, with the keys DATABASE_URL and, where there are, DATABASE_REPLICA_URLS',
    effect: 'The database of storage and analytics, which read it themselves. Only its ARN is in the template.',
  },
  ...(['storage', 'analytics'] as const).map((name) => ({
    name: `${name}SecretArn`,
    variants: ['self-managed'] as const,
    optionalIn: ['dev', 'prod'] as const,
    pattern: secretArn,
    accepts: 'the ARN of a secret in Secrets Manager, with the keys username and password',
    effect: `The SCRAM-SHA-512 user of ${name}. Default: secretArn.`,
  })),
  {
    name: 'subnetIds',
    variants: both,
    optionalIn: [],
    pattern: list('subnet-[0-9a-f]+'),
    accepts: 'subnet-..., or several with commas between',
    effect: 'Private subnets with a way to brokers, database and Secrets Manager, in as many zones as the brokers.',
  },
  {
    name: 'securityGroupIds',
    variants: both,
    optionalIn: [],
    pattern: list('sg-[0-9a-f]+'),
    accepts: 'sg-..., or several with commas between',
    effect: "The functions' security groups, which those of brokers and database must let in.",
  },
  {
    name: 'alarmTopicArn',
    variants: both,
    optionalIn: ['dev'],
    pattern: /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+$/,
    accepts: 'the ARN of an SNS topic',
    effect: 'Who is told of alarms.',
  },
];

/** What `readParameters` made of what was given. */
export interface ReadParameters {
  readonly values: Readonly<Record<string, string>>;
  /** One line each; nothing may be packaged while there are any. */
  readonly problems: readonly string[];
}

/** The account's parameters of a stage: what was given goes before what `stages.ts` says. */
export function readParameters(
  stage: StageName,
  variant: Variant,
  given: Readonly<Record<string, string>>,
): ReadParameters {
  const specs = parameterSpecs.filter(({ variants }) => variants.includes(variant));
  const known = specs.map(({ name }) => name).join(', ');
  const problems = Object.keys(given)
    .filter((name) => !specs.some((spec) => spec.name === name))
    .map((name) => `--param ${name} is none of ${known}`);
  const values: Record<string, string> = {};
  const account: Readonly<Record<string, string>> = stages[stage].account;
  for (const { name, pattern, accepts, effect, optionalIn } of specs) {
    const value = given[name] ?? account[name];
    if (value === undefined) {
      if (!optionalIn.includes(stage)) problems.push(`${name} is missing; it takes ${accepts}. ${effect}`);
    } else if (pattern.test(value)) values[name] = value;
    else problems.push(`${name} is '${value}', but takes ${accepts}`);
  }
  return { values, problems };
}
