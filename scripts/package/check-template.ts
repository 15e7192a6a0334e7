import { retentionSeconds } from '../../infra/serverless/topics.ts';
import { type Resource, resourcesOf, type Template } from './template.ts';

/** The secrets of a configuration that could be pasted by mistake: an access key's id, a private key. */
const secretPattern = /\bA(KIA|SIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY/;

/** Whether a text holds something that must not travel. */
export function holdsSecret(text: string): boolean {
  return secretPattern.test(text);
}

/** What keeps a packaged template from being deployed, one line each. */
export function templateProblems(template: Template): string[] {
  const functions = resourcesOf(template, 'AWS::Lambda::Function');
  const mappings = resourcesOf(template, 'AWS::Lambda::EventSourceMapping');
  const problems = functions.flatMap(([id, resource]) => environmentProblems(id, resource));
  if (functions.length === 0) problems.push('expected a function');
  const called = mappings.map(([, mapping]) => mapping.Properties?.FunctionName?.['Fn::GetAtt']?.[0]);
  for (const [id, target] of functions) {
    const [own, ...others] = mappings.filter((_, index) => called[index] === id);
    if (own === undefined || others.length > 0) problems.push(`${id}: expected one mapping that calls it`);
    else problems.push(...enduranceProblems(own[0], own[1], target));
  }
  const text = JSON.stringify(template);
  if (holdsSecret(text)) problems.push('the template holds what looks like a key');
  if (/postgres(?:ql)?:\/\//.test(text)) problems.push('the template holds the URL of a database');
  return problems;
}

function environmentProblems(id: string, resource: Resource): string[] {
  const variables: Readonly<Record<string, unknown>> = resource.Properties?.Environment?.Variables ?? {};
  const names = Object.keys(variables);
  const inClear = names
    .filter((name) => /PASSWORD|SECRET|TOKEN|USERNAME/.test(name))
    .filter((name) => !isReference(name, String(variables[name])))
    .map((name) => `${id}: ${name} is not a reference to a secret`);
  const urls = names
    .filter((name) => name === 'DATABASE_URL' || name === 'DATABASE_REPLICA_URLS')
    .map(
      (name) => `${id}: ${name} is shown to all who may look at the function's configuration: name DATABASE_SECRET_ARN`,
    );
  return [...inClear, ...urls];
}

/** Which secret it is, or that CloudFormation is to put in what it holds. */
function isReference(name: string, value: string): boolean {
  if (name.endsWith('_SECRET_ARN')) return /^arn:[^:]+:secretsmanager:/.test(value);
  return /^\{\{resolve:secretsmanager:[^}]+\}\}$/.test(value);
}

/** The sum that serverless.yml does in its comment: an outage shorter than the retention must dead-letter nothing. */
function enduranceProblems(id: string, mapping: Resource, target: Resource): string[] {
  const { MaximumRetryAttempts: retries, MaximumRecordAgeInSeconds: age, Topics } = mapping.Properties ?? {};
  const variables = target.Properties?.Environment?.Variables ?? {};
  const connectSeconds = Number(variables.STARTUP_TIMEOUT_MS) / 1_000;
  const handleSeconds = Number(target.Properties?.Timeout) - Number(variables.DEADLINE_MARGIN_MS) / 1_000;
  const waitSeconds = Number(variables.DEPENDENCY_WAIT_MS) / 1_000;
  const attemptSeconds = Math.min(connectSeconds, waitSeconds, handleSeconds);
  const retention = retentionSeconds(String(Topics));
  const problems: string[] = [];
  if (!(retries * attemptSeconds >= retention)) {
    problems.push(
      `${id}: ${retries} retries of ${attemptSeconds} s are ${retries * attemptSeconds} s, less than the ${retention} s ` +
        'that the topic keeps records: a long outage would send good ones to the on-failure topic',
    );
  }
  if (age !== -1 && !(age >= retention)) {
    problems.push(`${id}: records older than ${age} s are given up, and the topic keeps them for ${retention} s`);
  }
  const statementSeconds = Number(variables.DATABASE_STATEMENT_TIMEOUT_MS ?? 0) / 1_000;
  if (statementSeconds > 0 && !(handleSeconds >= waitSeconds + statementSeconds)) {
    problems.push(
      `${id}: the deadline comes after ${handleSeconds} s, before a wait of ${waitSeconds} s and a statement of ` +
        `${statementSeconds} s: raise the timeout`,
    );
  }
  return problems;
}
