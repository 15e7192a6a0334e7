import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Admin } from 'kafkajs';
import type { TopicConfigs, TopicDeclaration } from '../../infra/topics.ts';
import { uniqueName } from './topics.ts';

/** What a run of the command gave. */
export interface TopicsRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `npm run topics` against declarations of a test's own. */
export interface TopicsCommand {
  /** A directory that goes with the test. */
  readonly dir: string;
  /** The command as a person runs it, with no settings but those given. */
  run(args: readonly string[], settings?: Record<string, string>): Promise<TopicsRun>;
  /** The flags that name the brokers and these declarations. */
  flags(list: readonly TopicDeclaration[]): string[];
  dispose(): void;
}

export function topicsCommand(bootstrapServers: readonly string[]): TopicsCommand {
  const dir = mkdtempSync(join(tmpdir(), 'hft-topics-'));
  return {
    dir,
    run(args, settings = {}) {
      // No local cluster of this machine may come in between.
      const env = { PATH: process.env.PATH, HFT_LOCAL_DIR: join(dir, 'no-local'), ...settings };
      return new Promise((resolve) => {
        execFile(process.execPath, ['scripts/topics.ts', ...args], { env, encoding: 'utf8' }, (error, stdout, stderr) =>
          resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
        );
      });
    },
    flags(list) {
      const path = join(dir, `${uniqueName('declared')}.mjs`);
      writeFileSync(path, `export const topics = ${JSON.stringify(list)};\n`);
      return ['--bootstrap', bootstrapServers.join(','), '--declared', path];
    },
    dispose: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** Settings as the contract's topics have them. */
export const declaredConfigs: TopicConfigs = {
  'cleanup.policy': 'delete',
  'min.insync.replicas': '2',
  'retention.ms': '604800000',
  'max.message.bytes': '1048576',
  'compression.type': 'producer',
};

export function declaration(name: string, partitions: number, more: Partial<TopicDeclaration> = {}): TopicDeclaration {
  return { name, partitions, replicationFactor: 3, configs: declaredConfigs, ...more };
}

/** How many partitions a topic has; undefined when there is none of that name. */
export async function partitionCount(admin: Admin, name: string): Promise<number | undefined> {
  const { topics } = await admin.fetchTopicMetadata();
  return topics.find((one) => one.name === name)?.partitions.length;
}
