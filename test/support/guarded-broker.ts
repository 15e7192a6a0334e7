import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import { metaProperties, renderProperties, serverProperties } from '../../infra/cluster/config.ts';
import { javaArguments } from '../../infra/cluster/java.ts';
import { brokerFiles, type JavaRuntime, randomKafkaId } from '../../infra/cluster/layout.ts';
import { choosePorts } from '../../infra/cluster/ports.ts';

/** One broker that asks an authorizer: everyone may do everything, until an ACL says otherwise. */
export interface GuardedBroker {
  readonly address: string;
  stop(): Promise<void>;
}

/**
 * Three brokers cannot do this without credentials of their own: before an authorizer has read its rules from the
 * quorum it denies everything, the quorum's votes included. One alone needs nobody's vote.
 */
const settings = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'allow.everyone.if.no.acl.found': 'true',
  'default.replication.factor': '1',
  'min.insync.replicas': '1',
  'offsets.topic.replication.factor': '1',
};

const startTimeoutMs = 90_000;

export async function startGuardedBroker(runtime: JavaRuntime): Promise<GuardedBroker> {
  const dir = mkdtempSync(join(tmpdir(), 'hft-guarded-'));
  const [broker] = await choosePorts();
  if (!broker) throw new Error('no ports were chosen');
  const files = brokerFiles(dir, broker.id);
  mkdirSync(files.data, { recursive: true });
  mkdirSync(files.logs, { recursive: true });
  writeFileSync(files.properties, serverProperties(broker, [broker], files.data));
  appendFileSync(files.properties, renderProperties(settings));
  copyFileSync(join(runtime.jars, 'bootstrap.checkpoint'), join(files.data, 'bootstrap.checkpoint'));
  writeFileSync(join(files.data, 'meta.properties'), metaProperties(randomKafkaId(), broker.id, randomKafkaId()));
  const child = spawn(runtime.java, javaArguments(dir, runtime, broker.id), { cwd: files.dir, stdio: 'ignore' });
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const address = `127.0.0.1:${broker.port}`;
  async function stop(): Promise<void> {
    process.off('exit', endWithUs);
    if (child.exitCode === null && child.signalCode === null) {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    }
    rmSync(dir, { recursive: true, force: true });
  }
  try {
    await untilItAnswers(address, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { address, stop };
}

async function untilItAnswers(address: string, child: ChildProcess): Promise<void> {
  const until = Date.now() + startTimeoutMs;
  for (;;) {
    const admin = kafkaClient({ brokers: [address], clientId: 'guarded-broker', connectionTimeoutMs: 1_000 }).admin();
    try {
      await admin.connect();
      await admin.describeCluster();
      return;
    } catch (error) {
      if (child.exitCode !== null) throw new Error(`the broker ended with ${child.exitCode}`, { cause: error });
      if (Date.now() > until) throw error;
      await delay(200);
    } finally {
      await admin.disconnect();
    }
  }
}
