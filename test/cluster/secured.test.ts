import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { readState } from '../../infra/cluster/layout.ts';
import { createAuthority, issue } from '../../infra/cluster/secure/certificates.ts';
import { authorityName, readAuthority } from '../../infra/cluster/secure/files.ts';
import { functionPrincipal } from '../../infra/rights.ts';
import { type DeployedFunction, deployedFunctions } from '../../infra/serverless/functions.ts';
import { parkedOf } from '../../infra/topics.ts';
import { type Right, rightsOf } from '../../scripts/support/kafka/acls.ts';
import { buildFixtures } from '../support/fixture-bundle.ts';
import { type Instance, startInstance } from '../support/instance.ts';
import { shippedBundle } from '../support/pipeline.ts';
import { type Secured, startSecured } from '../support/secured.ts';

const [source, output, deadLetters, group] = ['market.raw', 'market.enriched', 'market.raw.dlq', 'processor-group'];
const canary = 'canary-of-a-wrong-password';
const user = 'processor';
const rights = {
  source: { user, resource: 'topic', name: source, operation: 'Read' },
  output: { user, resource: 'topic', name: output, operation: 'Write' },
  deadLetters: { user, resource: 'topic', name: deadLetters, operation: 'Write' },
  group: { user, resource: 'group', name: group, operation: 'Read' },
} as const satisfies Record<string, Right>;

let secured: Secured;
let bundle: string;
/** All that was printed by anything: no secret may be in it. */
const printed: string[] = [];
const isJava = readState(inject('clusterDir'))?.engine.kind === 'java';

beforeAll(async () => {
  if (!isJava) return;
  bundle = await shippedBundle();
  secured = await startSecured();
  const { code, output: text } = await command('scripts/topics.ts', ['apply'], secured.env('operator'));
  expect(text).toContain('all topics and rights are as declared');
  expect(code).toBe(0);
});
afterAll(async () => await secured?.stop());

async function command(script: string, args: readonly string[], env: Record<string, string>) {
  const run = await secured.run(script, args, env);
  printed.push(run.output);
  return run;
}

function start(env: Record<string, string> = {}, what: { bundle: string; args?: string[] } = { bundle }): Instance {
  const settings = { METRICS_PORT: '0', STARTUP_TIMEOUT_MS: '8000', KAFKA_SESSION_TIMEOUT_MS: '6000' };
  const instance = startInstance({ ...what, env: { ...secured.env(user), ...settings, ...env } });
  onTestFinished(() => void printed.push(instance.stderr, JSON.stringify(instance.lines)));
  return instance;
}

/** What an instance that is refused says, and that it says nothing else. */
async function refusalOf(env: Record<string, string> = {}, instance = start(env), name = user): Promise<string> {
  await Promise.race([instance.exited, instance.line('Kafka consumer started').catch(() => undefined)]);
  const errors = instance.lines.filter(({ level }) => level >= 50).map(({ msg }) => msg);
  expect(instance.stderr.trim().split('\n')).toEqual(errors.map((error) => `${name}: ${error}`));
  expect(errors).toHaveLength(1);
  expect(await instance.exited).toEqual({ code: 1, signal: null });
  return errors[0] ?? '';
}

const feed = (count: number, env: Record<string, string> = {}, ...more: string[]) =>
  command('scripts/feed.ts', ['--count', String(count), '--contracts', '2', ...more], {
    ...secured.env('feed'),
    ...env,
  });

describe.runIf(isJava)('a secured cluster refuses', () => {
  const servers = () => secured.cluster.bootstrapServers.join(',');

  test('a wrong host name, a wrong authority and a wrong password, at once and in one sentence', async () => {
    const localhost = servers().replaceAll('127.0.0.1', 'localhost');
    const stranger = secured.file('stranger.pem', createAuthority(authorityName).certificate);
    const cases = [
      [
        { KAFKA_BOOTSTRAP_SERVERS: localhost },
        'its certificate is for broker, not for localhost, as it was called',
        'name the brokers in KAFKA_BOOTSTRAP_SERVERS',
      ],
      [{ KAFKA_CA_FILE: stranger }, 'signed by an authority that is not trusted here', 'KAFKA_CA_FILE'],
      [{ KAFKA_PASSWORD: canary }, 'it refuses the user or its password', 'check KAFKA_USERNAME and KAFKA_PASSWORD'],
    ] as const;
    for (const [env, came, remedy] of cases) {
      const [refusal, polled, fed, planned] = await Promise.all([
        refusalOf(env),
        command('scripts/event-source.ts', [], { ...secured.env(user), ...env }),
        feed(1, env),
        command('scripts/topics.ts', ['plan'], { ...secured.env('operator'), ...env }),
      ]);
      for (const text of [refusal, polled.output, fed.output, planned.output]) {
        expect(text.toLowerCase()).toContain(came.toLowerCase());
        expect(text.toLowerCase()).toContain(remedy.toLowerCase());
      }
      expect([polled.code, fed.code, planned.code]).toEqual([1, 1, 1]);
    }
    expect(await secured.count(source)).toBe(0);
  });

  test('to be taken for a broker whose certificate has expired', async () => {
    const [host = '127.0.0.1'] = servers().split(':');
    const expired = {
      name: 'broker',
      hosts: [host],
      notBefore: new Date('2020-01-01'),
      notAfter: new Date('2021-01-01'),
    };
    const { key, certificate } = issue(readAuthority(secured.cluster.dir), authorityName, expired);
    const value = secured.file('expired.pem', `${key}${certificate}`);
    // One broker takes up another certificate for its clients while it runs.
    const keystore = (configEntries: { name: string; value: string }[]) =>
      secured.alterAsBroker({
        validateOnly: false,
        resources: [{ type: kafkajs.ConfigResourceTypes.BROKER, name: '3', configEntries }],
      });
    await keystore([
      { name: 'listener.name.clients.ssl.keystore.location', value },
      { name: 'listener.name.clients.ssl.keystore.type', value: 'PEM' },
    ]);
    try {
      const KAFKA_BOOTSTRAP_SERVERS = secured.cluster.bootstrapServers[2] ?? '';
      expect(await refusalOf({ KAFKA_BOOTSTRAP_SERVERS })).toContain('its certificate has expired): have');
    } finally {
      await keystore([]);
    }
  });

  test('a user by certificate whose own has expired, or who has none; it takes one that is valid', async () => {
    const authority = readAuthority(secured.cluster.dir);
    const write = (facts: object) => {
      const { certificate, key } = issue(authority, authorityName, { name: 'feed', ...facts });
      return { KAFKA_CERT_FILE: secured.file('feed.pem', certificate), KAFKA_KEY_FILE: secured.file('feed.key', key) };
    };
    const byCertificate = { KAFKA_SECURITY: 'tls', KAFKA_BOOTSTRAP_SERVERS: secured.insideServers };
    const past = { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') };
    const [refused, none] = [await feed(1, { ...byCertificate, ...write(past) }), await feed(1, byCertificate)];
    for (const text of [refused.output, none.output]) expect(text).toContain('will do (it refuses our certificate: ');
    expect([refused.code, none.code]).toEqual([1, 1]);
    expect(await secured.count(source)).toBe(0);
    expect(await feed(5, { ...byCertificate, ...write({}) })).toMatchObject({ code: 0 });
    expect(await secured.count(source)).toBe(5);
  });

  test.each([
    ['source', `This user may not read topic ${source}: the brokers deny it Read on topic ${source}. Grant it`],
    ['output', `This user may not write topic ${output}: the brokers deny it Write on topic ${output}. Grant it`],
    [
      'deadLetters',
      `This user may not write topic ${deadLetters}: the brokers deny it Write on topic ${deadLetters}. Grant it`,
    ],
    ['group', `This user may not be in group ${group}: the brokers deny it Read on group ${group}. Grant it`],
  ] as const)('an instance without its right to the %s', async (name, sentence) => {
    await secured.revoke(rights[name]);
    try {
      expect(await refusalOf()).toContain(sentence);
    } finally {
      await secured.grant(rights[name]);
    }
    // The coordinator of a group that has just been asked for may still be coming up.
    await expect.poll(() => secured.committed(group, source), { timeout: 20_000 }).toBe(0);
    expect(await secured.count(output)).toBe(0);
  });

  test('a user without the right to write, or to see, what it asks for', async () => {
    const fed = await feed(1, secured.env('storage'));
    expect(fed.output).toContain(
      `Not allowed to write to '${source}' (TOPIC_AUTHORIZATION_FAILED): grant this user Write`,
    );
    const planned = await command('scripts/topics.ts', ['plan'], secured.env('feed'));
    expect(planned.output).toContain('grant this user Describe on topic');
    const polled = await command('scripts/event-source.ts', [], secured.env('storage'));
    for (const right of [`Read on topic ${source}`, `Read on group ${group}`]) expect(polled.output).toContain(right);
    expect([fed.code, planned.code, polled.code]).toEqual([1, 1, 1]);
    const letters = await command('scripts/dead-letters.ts', ['list'], secured.env('storage'));
    expect(letters.output).toContain(`deny it Read on topic ${deadLetters}. Grant it`);
    const shown = await command('scripts/offsets.ts', ['show'], secured.env('feed'));
    expect(shown.output).toContain(`may not see group ${group}: the brokers deny it Describe on group ${group}`);
    expect([letters.code, shown.code]).toEqual([1, 1]);
  });
});

test.runIf(isJava)('brokers show a renewed certificate to who connects afterwards, without a restart', async () => {
  const ca = readAuthority(secured.cluster.dir).certificate;
  const ports = [...secured.cluster.bootstrapServers, ...secured.insideServers.split(',')].map((server) =>
    Number(server.split(':').at(-1)),
  );
  const shown = () => Promise.all(ports.map((port) => serialShown(port, ca)));
  const pids = () => secured.cluster.brokers.map(({ pid }) => pid);
  const [before, pidsBefore] = [await shown(), pids()];
  expect(before).toEqual(Array(6).fill(before[0]));
  const count = await secured.count(source);
  for (const _ of ['first', 'again']) {
    const renewed = await command('scripts/cluster.ts', ['renew', '--dir', secured.cluster.dir, '--json'], {});
    expect(renewed, renewed.output).toMatchObject({ code: 0 });
    const { serial, brokers } = JSON.parse(renewed.output) as { serial: string; brokers: number[] };
    expect(brokers).toEqual([1, 2, 3]);
    expect(before).not.toContain(serial);
    expect(await shown()).toEqual(Array(6).fill(serial));
    before.push(serial);
  }
  expect(pids()).toEqual(pidsBefore);
  expect(await feed(5)).toMatchObject({ code: 0 });
  expect(await secured.count(source)).toBe(count + 5);
});

/** The serial number of the certificate that a listener shows. */
async function serialShown(port: number, ca: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', ca });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate().serialNumber;
  } finally {
    socket.destroy();
  }
}

describe.runIf(isJava)('rights that are taken away from a running instance', () => {
  const reasons = async (instance: Instance): Promise<string[]> => {
    const { reasons: all } = (await (await instance.get('/ready')).json()) as { reasons: string[] };
    return all.sort();
  };
  const told = ({ lines }: Instance) => lines.filter(({ level }) => level >= 50).map(({ msg }) => msg);

  test('are each told once, nothing is acknowledged or committed past them, and all goes on once they are back', async () => {
    const instance = start();
    await instance.line('Kafka consumer started');
    await feed(20);
    const all = async () => (await secured.count(output)) + (await secured.count(deadLetters));
    const commits = () => secured.committed(group, source);
    const before = await secured.count(source);
    await expect.poll(all, { timeout: 20_000 }).toBe(before);
    await expect.poll(commits, { timeout: 20_000 }).toBe(before);

    await secured.revoke(rights.output, rights.deadLetters);
    await feed(60, {}, '--poison-share', '0.5', '--rate', '100');
    await expect
      .poll(() => reasons(instance), { timeout: 20_000 })
      .toEqual([
        expect.stringContaining(`the brokers deny it Write on topic ${output}`),
        expect.stringContaining(`the brokers deny it Write on topic ${deadLetters}`),
      ]);
    expect([await all(), await commits()]).toEqual([before, before]);
    await secured.grant(rights.output, rights.deadLetters);
    await expect.poll(all, { timeout: 20_000 }).toBe(before + 60);
    await expect.poll(commits, { timeout: 20_000 }).toBe(before + 60);
    expect(told(instance).sort()).toEqual([
      expect.stringContaining(`may not write topic ${output}`),
      expect.stringContaining(`may not write topic ${deadLetters}`),
    ]);

    await secured.revoke(rights.source, rights.group);
    await expect
      .poll(() => reasons(instance), { timeout: 20_000 })
      .toEqual([
        expect.stringContaining(`deny it Read on group ${group}`),
        expect.stringContaining(`deny it Read on topic ${source}`),
      ]);
    // Brokers learn of it one after the other, and a fetch that one has let in is still answered.
    await delay(1_500);
    await feed(40);
    expect([await all(), await commits()]).toEqual([before + 60, before + 60]);
    await secured.grant(rights.source, rights.group);
    await expect.poll(commits, { timeout: 40_000 }).toBe(before + 100);
    expect(await all()).toBe(before + 100);
    await expect.poll(() => reasons(instance), { timeout: 20_000 }).toEqual([]);
    expect(told(instance)).toHaveLength(4);
    expect(await instance.stop()).toEqual({ code: 0, signal: null });
  });
});

test.runIf(isJava)(
  'a function that parks keys starts, and parks one, with the rights that are rendered for it',
  async () => {
    const parked = parkedOf(deadLetters, 60);
    const fixtures = await buildFixtures(bundle);
    onTestFinished(() => fixtures.remove());
    const configEntries = Object.entries(parked.configs).map(([name, value]) => ({ name, value }));
    const made = { topic: parked.name, numPartitions: 60, replicationFactor: 3, configEntries };
    await secured.admin.createTopics({ topics: [made], waitForLeaders: true });
    const names = { SOURCE_TOPIC: source, OUTPUT_TOPIC: output, DEAD_LETTER_TOPIC: deadLetters, KAFKA_GROUP_ID: group };
    const startParking = () => start(names, { bundle: fixtures.path, args: ['parking'] });

    const [processor] = deployedFunctions as [DeployedFunction];
    const rendered = rightsOf([functionPrincipal({ ...processor, park: true })]);
    await secured.grant(...rendered.filter(({ name, operation }) => name !== parked.name || operation !== 'Write'));
    await delay(1_500); // brokers learn of it one after the other, and one that has not would miss another right
    expect(await refusalOf({}, startParking(), 'parking')).toBe(
      `This user may not write topic ${parked.name}: the brokers deny it Write on topic ${parked.name}. Grant it ` +
        "('npm run topics -- apply' grants what infra/rights.ts declares), or use a user that has it.",
    );
    await secured.grant(...rendered);
    await delay(1_500);
    const instance = startParking();
    await instance.line('Kafka consumer started');
    await feed(20, {}, '--poison-share', '1');
    await instance.line('Key parked: its records wait in the dead-letter topic');
    expect(await secured.count(parked.name)).toBeGreaterThan(0);
    expect(await instance.stop()).toEqual({ code: 0, signal: null });
  },
);

test.runIf(isJava)('no password was printed by anything', () => {
  expect(printed.length).toBeGreaterThan(20);
  const everything = printed.join('\n');
  for (const secret of [...secured.secrets, canary]) expect(everything.includes(secret)).toBe(false);
});
