import { durationOption, integerOption, UsageError } from '../support/command.ts';
import { profileMs, profileOption } from './profile.ts';
import type { FeedOptions } from './start.ts';

/** The flags as typed; a flag that was not typed is absent. */
export type FeedFlags = {
  readonly [Flag in
    | 'symbols'
    | 'contracts'
    | 'rate'
    | 'profile'
    | 'count'
    | 'for'
    | 'seed'
    | 'poison-share'
    | 'replay'
    | 'topic'
    | 'bootstrap-servers'
    | 'acks-timeout']?: string | undefined;
};

type ParsedOptions = Omit<FeedOptions, 'bootstrapServers'> & { readonly bootstrapServers: string[] | undefined };

/** The options that the flags mean, or one UsageError that names everything wrong with them. */
export function feedOptions(
  flags: FeedFlags,
  positionals: readonly string[],
  environment: NodeJS.ProcessEnv,
): ParsedOptions {
  const problems: string[] = [];

  /** `text` as `parse` reads it; `undefined` where there is none, or where it is wrong: then it is one more problem. */
  function read<Value>(name: string, text: string | undefined, parse: (name: string, text: string) => Value) {
    if (text === undefined) return undefined;
    try {
      return parse(name, text);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(error.message);
      return undefined;
    }
  }

  if (positionals.length > 0) problems.push(`there is nothing to do with '${positionals.join(' ')}'`);
  const forMarket = (['symbols', 'contracts', 'seed', 'poison-share'] as const).filter((flag) => flags[flag]);
  if (flags.replay !== undefined && forMarket.length > 0) {
    problems.push(`--replay sends a file as it stands, so it does not go with --${forMarket.join(', --')}`);
  }
  if (flags.profile !== undefined && flags.rate !== undefined) problems.push('--profile takes the place of --rate');
  const profile = read('profile', flags.profile, profileOption);
  const options = {
    profile,
    symbols: read('symbols', flags.symbols, (name, text) => integerOption(name, text, 1, 100_000)),
    contracts: read('contracts', flags.contracts, contractsOption),
    rate: read('rate', flags.rate, rateOption),
    count: read('count', flags.count, (name, text) => integerOption(name, text, 1)),
    // A profile has an end of its own.
    forMs: read('for', flags.for, durationOption) ?? (profile && profileMs(profile)),
    seed: read('seed', flags.seed, (name, text) => integerOption(name, text, 0)),
    poisonShare: read('poison-share', flags['poison-share'], shareOption),
    acksTimeoutMs: read('acks-timeout', flags['acks-timeout'], durationOption),
    bootstrapServers:
      flags['bootstrap-servers'] === undefined
        ? read('KAFKA_BOOTSTRAP_SERVERS', environment.KAFKA_BOOTSTRAP_SERVERS || undefined, brokersOption)
        : read('--bootstrap-servers', flags['bootstrap-servers'], brokersOption),
    replay: flags.replay,
    topic: flags.topic,
  };
  if (problems.length > 0) throw new UsageError(problems.join('; '));
  return options;
}

function contractsOption(name: string, text: string): number {
  const contracts = integerOption(name, text, 2, 2_000);
  if (contracts % 2 === 0) return contracts;
  throw new UsageError(`--${name} takes an even number (a call and a put a strike), not '${text}'`);
}

function rateOption(name: string, text: string): number {
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) <= 1_000_000) return Number(text);
  throw new UsageError(`--${name} takes a number of records a second up to 1000000, 0 for no limit, not '${text}'`);
}

function shareOption(name: string, text: string): number {
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) <= 1) return Number(text);
  throw new UsageError(`--${name} takes a share from 0 to 1, such as 0.01, not '${text}'`);
}

function brokersOption(source: string, text: string): string[] {
  const brokers = text.split(',').map((broker) => broker.trim());
  const wrong = brokers.find((broker) => !/^(\[[\da-fA-F:]+\]|[^\s:/]+):\d{1,5}$/.test(broker));
  if (wrong === undefined) return brokers;
  throw new UsageError(`${source} takes brokers as host:port, separated by commas, not '${wrong}'`);
}
