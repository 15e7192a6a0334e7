import { readFileSync } from 'node:fs';
import { mskIamTokens } from '../../functions/kafka/kafkajs/msk-iam.ts';
import { processor } from '../../functions/processor/definition.ts';
import { givenText } from '../../functions/runtime/read-settings.ts';
import type { SettingSpec } from '../../functions/runtime/setting-kinds.ts';
import { type Settings, settingSpecs } from '../../functions/runtime/settings.ts';
import { CommandError } from '../support/command.ts';
import type { Security } from '../support/kafka/broker.ts';
import { type Environment, inspectSettings, mergedEnvironment, type SettingSources } from './settings.ts';

/** What to examine: which brokers, and which group and topics there. */
export interface Target {
  readonly bootstrapServers: readonly string[];
  readonly security: Security;
  readonly groupId: string;
  readonly topic: string;
  readonly outputTopic: string | undefined;
  readonly deadLetterTopic: string;
  /** How many instances were said to be started; undefined when nobody said. */
  readonly expectedInstances: number | undefined;
}

/** The target that the settings name; undefined when one that it takes is not valid, which is a finding already. */
export function targetOf(environment: Environment): Target | undefined {
  const invalid = Symbol('invalid');
  function read<Value>(spec: SettingSpec<Value>): Value | undefined | typeof invalid {
    const applied = givenText(spec, environment) ?? spec.fallback;
    if (applied === null) return undefined;
    return (applied === undefined ? undefined : spec.parse(applied)) ?? invalid;
  }
  const bootstrapServers = read(settingSpecs.bootstrapServers);
  const security = read(settingSpecs.security);
  const groupId = read(settingSpecs.groupId);
  const topic = read(settingSpecs.sourceTopic);
  const outputTopic = read(settingSpecs.outputTopic);
  const deadLetterTopic = read(settingSpecs.deadLetterTopic);
  const total = read(settingSpecs.totalInstances);
  const username = read(settingSpecs.username);
  const password = read(settingSpecs.password);
  const caFile = read(settingSpecs.caFile);
  if (bootstrapServers === invalid || bootstrapServers === undefined || security === invalid) return undefined;
  if (groupId === invalid || topic === invalid || outputTopic === invalid || deadLetterTopic === invalid) {
    return undefined;
  }
  if (username === invalid || password === invalid || caFile === invalid) return undefined;
  if (security === 'scram' && (username === undefined || password === undefined)) return undefined;
  return {
    bootstrapServers,
    security: securityOf(security ?? 'plaintext', { username, password, caFile, bootstrapServers }),
    groupId: groupId ?? processor.group,
    topic: topic ?? processor.source,
    outputTopic: outputTopic ?? processor.output,
    deadLetterTopic: deadLetterTopic ?? processor.deadLetters,
    expectedInstances:
      environment[settingSpecs.totalInstances.name] === undefined || typeof total !== 'number' ? undefined : total,
  };
}

/**
 * The target that the settings name, for commands that can do nothing without one.
 * @throws CommandError with everything wrong with the settings
 */
export function requiredTarget(sources: SettingSources): Target {
  const target = targetOf(mergedEnvironment(sources));
  if (target !== undefined) return target;
  const wrong = inspectSettings(sources).findings.filter(({ severity }) => severity === 'problem');
  throw new CommandError(wrong.map(({ what, remedy }) => `${what}. ${remedy}`).join('\n  '));
}

function securityOf(
  kind: Settings['security'],
  given: Partial<Pick<Settings, 'username' | 'password' | 'caFile'>> & Pick<Settings, 'bootstrapServers'>,
): Security {
  if (kind === 'plaintext') return {};
  const ssl = given.caFile === undefined ? true : { ca: [readAuthorities(given.caFile)] };
  if (kind === 'tls') return { ssl };
  if (kind === 'msk-iam') {
    const oauthBearerProvider = mskIamTokens({ brokers: given.bootstrapServers, env: process.env });
    return { ssl, sasl: { mechanism: 'oauthbearer', oauthBearerProvider } };
  }
  const { username = '', password = '' } = given;
  return { ssl, sasl: { mechanism: 'scram-sha-512', username, password } };
}

function readAuthorities(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`KAFKA_CA_FILE cannot be read (${reason}): name a PEM file that exists.`);
  }
}
