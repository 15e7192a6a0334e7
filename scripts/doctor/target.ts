import { processor } from '../../functions/processor/definition.ts';
import { givenText, securityProblems } from '../../functions/runtime/read-settings.ts';
import type { SettingSpec } from '../../functions/runtime/setting-kinds.ts';
import { settingSpecs } from '../../functions/runtime/settings.ts';
import { CommandError, UsageError } from '../support/command.ts';
import type { Security } from '../support/kafka/broker.ts';
import { securityOf } from '../support/kafka/security.ts';
import { printable } from '../support/words.ts';
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
  const certFile = read(settingSpecs.certFile);
  const keyFile = read(settingSpecs.keyFile);
  if (bootstrapServers === invalid || bootstrapServers === undefined || security === invalid) return undefined;
  if (groupId === invalid || topic === invalid || outputTopic === invalid || deadLetterTopic === invalid) {
    return undefined;
  }
  if (username === invalid || password === invalid || caFile === invalid) return undefined;
  if (certFile === invalid || keyFile === invalid) return undefined;
  const known = { bootstrapServers, security: security ?? 'plaintext', username, password, caFile, certFile, keyFile };
  if (securityProblems(known).length > 0) return undefined;
  return {
    bootstrapServers,
    security: securityOf(known),
    groupId: groupId ?? processor.group,
    topic: topic ?? processor.source,
    outputTopic: outputTopic ?? processor.output,
    deadLetterTopic: deadLetterTopic ?? processor.deadLetters,
    expectedInstances:
      environment[settingSpecs.totalInstances.name] === undefined || typeof total !== 'number' ? undefined : total,
  };
}

/** What those commands may be told by a flag. None has both topics. */
const targetSpecs = [
  ['--group', settingSpecs.groupId],
  ['--topic', settingSpecs.sourceTopic],
  ['--topic', settingSpecs.deadLetterTopic],
] as const;

/**
 * The target that the settings name, for commands that can do nothing without one.
 * @throws UsageError when what is wrong was given by a flag
 * @throws CommandError with everything wrong with the settings
 */
export function requiredTarget(sources: SettingSources, brokersFlag = '--bootstrap-servers'): Target {
  const target = targetOf(mergedEnvironment(sources));
  if (target !== undefined) return target;
  const flags = [[brokersFlag, settingSpecs.bootstrapServers] as const, ...targetSpecs]
    .filter(([, { name, parse }]) => sources.flags[name] !== undefined && parse(sources.flags[name]) === undefined)
    .map(([flag, { name, accepts }]) => `${flag} takes ${accepts}, not '${printable(sources.flags[name] ?? '')}'`);
  if (flags.length > 0) throw new UsageError(flags.join('; '));
  const wrong = inspectSettings(sources).findings.filter(({ severity }) => severity === 'problem');
  throw new CommandError(wrong.map(({ what, remedy }) => `${what}. ${remedy}`).join('\n  '));
}
