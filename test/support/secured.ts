import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import kafkajs, { type Admin } from 'kafkajs';
import { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import { type LocalCluster, startCluster } from '../../infra/cluster/cluster.ts';
import { insideOf } from '../../infra/cluster/inside.ts';
import { readState } from '../../infra/cluster/layout.ts';
import { readPasswords } from '../../infra/cluster/secure/files.ts';
import { grantRights, type Right } from '../../scripts/support/kafka/acls.ts';
import { openBroker } from '../../scripts/support/kafka/broker.ts';
import { securityFrom } from '../../scripts/support/kafka/security.ts';

/** A secured cluster of a test's own, with the means of its operator. */
export interface Secured {
  readonly cluster: LocalCluster;
  readonly admin: Admin;
  /** What its passwords are: no output may hold one. */
  readonly secrets: readonly string[];
  /** The listeners that take certificates for a login. */
  readonly insideServers: string;
  /** Changes settings of brokers, which is no right of the operator. */
  alterAsBroker(change: Parameters<Admin['alterConfigs']>[0]): Promise<void>;
  env(user: string): Record<string, string>;
  /** Writes a file that goes with the cluster, and gives its path. */
  file(name: string, content: string): string;
  /** Runs a command as a user. */
  run(script: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Run>;
  revoke(...rights: readonly Right[]): Promise<void>;
  grant(...rights: readonly Right[]): Promise<void>;
  /** Records that a topic holds. */
  count(topic: string): Promise<number>;
  /** Records of a topic that a group has committed. */
  committed(groupId: string, topic: string): Promise<number>;
  stop(): Promise<void>;
}

export interface Run {
  readonly code: number;
  readonly output: string;
}

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

export async function startSecured(): Promise<Secured> {
  const dir = mkdtempSync(join(tmpdir(), 'hft-secured-'));
  const onProgress = (line: string) => void process.stderr.write(`${line}\n`);
  const cluster = await startCluster({ dir, secure: true, attached: true, temporary: true, onProgress });
  const env = (user: string): Record<string, string> => {
    const file = cluster.security?.users.find(({ name }) => name === user)?.environmentFile ?? '';
    return Object.fromEntries(Object.entries(parseEnv(readFileSync(file, 'utf8'))).map(([k, v]) => [k, v ?? '']));
  };
  const { bootstrapServers } = cluster;
  const security = securityFrom(env('operator'), bootstrapServers);
  const admin = kafkaClient({ brokers: bootstrapServers, clientId: 'secured', security }).admin();
  await admin.connect();
  const broker = await openBroker(bootstrapServers[0] ?? '', security);
  const sum = (offsets: readonly { offset: string }[]): number =>
    offsets.reduce((total, { offset }) => total + Math.max(0, Number(offset)), 0);

  return {
    cluster,
    admin,
    secrets: Object.values(readPasswords(dir)),
    insideServers: (readState(dir)?.brokers ?? []).map(({ insidePort }) => `127.0.0.1:${insidePort}`).join(','),
    async alterAsBroker(change) {
      const state = readState(dir);
      const inside = state && insideOf(dir, state);
      const brokers = (state?.brokers ?? []).map((one) => `127.0.0.1:${inside?.port(one)}`);
      const ours = kafkaClient({ brokers, clientId: 'secured', security: { ssl: inside?.ssl ?? {} } }).admin();
      try {
        await ours.connect();
        await ours.alterConfigs(change);
      } finally {
        await ours.disconnect();
      }
    },
    env,
    file(name, content) {
      const path = join(dir, name);
      writeFileSync(path, content, { mode: 0o600 });
      return path;
    },
    run: (script, args, settings) =>
      new Promise((resolve) => {
        const all = { PATH: process.env.PATH, HFT_LOCAL_DIR: join(dir, 'no-local'), ...settings };
        execFile(
          process.execPath,
          [script, ...args],
          { env: all, encoding: 'utf8', timeout: 60_000 },
          (error, out, err) =>
            resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, output: out + err }),
        );
      }),
    async revoke(...rights) {
      const filters = rights.map(({ user, resource, name, operation }) => ({
        resourceType: resource === 'topic' ? AclResourceTypes.TOPIC : AclResourceTypes.GROUP,
        ...{ resourceName: name, resourcePatternType: ResourcePatternTypes.LITERAL },
        ...{ principal: `User:${user}`, host: '*', permissionType: AclPermissionTypes.ALLOW },
        operation: operation === 'Read' ? AclOperationTypes.READ : AclOperationTypes.WRITE,
      }));
      // DescribeConfigs is no Describe: what is left does not let a topic be seen.
      await admin.deleteAcls({ filters });
    },
    grant: (...rights) => grantRights((question) => question(broker), rights),
    count: async (topic) => sum((await admin.fetchTopicOffsets(topic)).map(({ high }) => ({ offset: high }))),
    committed: async (groupId, topic) =>
      sum((await admin.fetchOffsets({ groupId, topics: [topic] })).flatMap(({ partitions }) => partitions)),
    async stop() {
      await Promise.all([admin.disconnect(), broker.close()]);
      await cluster.stop({ graceMs: 0 });
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
