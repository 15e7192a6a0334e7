import { parameterSpecs, readParameters, type Variant } from '../../infra/serverless/parameters.ts';
import { type StageName, stages } from '../../infra/serverless/stages.ts';
import { waiverProblems } from '../support/certificate.ts';
import { UsageError } from '../support/command.ts';

/** What to package: a stage, for whose cluster, with which names of its account. */
export interface Target {
  readonly stage: StageName;
  readonly variant: Variant;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The flags that say what to package. */
export interface TargetFlags {
  readonly stage?: string | undefined;
  readonly 'self-managed'?: boolean | undefined;
  readonly param?: readonly string[] | undefined;
  readonly uncertified?: string | undefined;
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

/** The flags that `package` and `deploy` share, for `parseArgs`. */
export const targetOptions = {
  stage: text,
  'self-managed': flag,
  param: { type: 'string', multiple: true },
  uncertified: text,
  json: flag,
} as const;

export const targetDescriptions = {
  stage: `Which stage: ${Object.keys(stages).join(' or ')}.`,
  'self-managed': 'For a Kafka cluster that is not of MSK.',
  param: 'A name of the account, as name=value; as often as needed. Goes before infra/serverless/stages.ts.',
  uncertified: 'The digest of a bundle to take although it has no passing certificate, or several with commas.',
  json: 'Report in JSON.',
} as const;

/** A line for each parameter, for the help. */
export const parameterNotes: readonly string[] = [
  'Parameters:',
  ...parameterSpecs.map(({ name, variants, effect }) => {
    const only = variants.length > 1 ? '' : variants[0] === 'msk' ? ' MSK only.' : ' --self-managed only.';
    return `  ${name.padEnd(20)} ${effect}${only}`;
  }),
];

function isStage(name: string): name is StageName {
  return Object.hasOwn(stages, name);
}

/** @throws UsageError with all problems at once: flags, and parameters that are missing or malformed */
export function readTarget(flags: TargetFlags, positionals: readonly string[]): Target {
  const { stage, param = [], uncertified } = flags;
  const problems = positionals.map((argument) => `'${argument}' is not expected`);
  const variant = flags['self-managed'] ? 'self-managed' : 'msk';
  const given: Record<string, string> = {};
  for (const entry of param) {
    const [name = '', ...value] = entry.split('=');
    if (value.length === 0 || name === '') problems.push(`--param takes name=value, not '${entry}'`);
    else given[name] = value.join('=');
  }
  problems.push(...waiverProblems(uncertified));
  if (stage === undefined) problems.push(`--stage is missing; it takes ${Object.keys(stages).join(' or ')}`);
  else if (!isStage(stage)) problems.push(`--stage takes ${Object.keys(stages).join(' or ')}, not '${stage}'`);
  // Without a stage, its parameters are still checked, as far as no stage can do without them.
  const checked = stage !== undefined && isStage(stage) ? stage : 'dev';
  const parameters = readParameters(checked, variant, given);
  problems.push(...parameters.problems);
  if (problems.length > 0) {
    const where = `Names of the account are given as --param name=value, or in infra/serverless/stages.ts`;
    throw new UsageError([...problems, where].join('\n  '));
  }
  return { stage: checked, variant, parameters: parameters.values };
}
