import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { digestOf } from '../../../functions/program.ts';
import { buildBundle, bundles } from '../../../scripts/support/bundle.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export const clusterArn =
  'arn:aws:kafka:eu-central-1:123456789012:cluster/market/0a1b2c3d-1111-2222-3333-444455556666-1';
export const secretArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka/processor-AbCdEf';
export const storageSecretArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka/storage-AbCdEf';
export const databaseSecretArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:market/database-AbCdEf';
export const alarmTopicArn = 'arn:aws:sns:eu-central-1:123456789012:on-call';

const both = [
  ...['--param', 'subnetIds=subnet-0a,subnet-0b', '--param', 'securityGroupIds=sg-0a'],
  ...['--param', `databaseSecretArn=${databaseSecretArn}`],
];

/** What a cluster of MSK, and one of any other kind, needs to be given. */
export const account = {
  msk: ['--param', `clusterArn=${clusterArn}`, '--param', 'bootstrapServers=b-1.example.com:9098', ...both],
  selfManaged: [
    ...['--self-managed', '--param', 'region=eu-central-1', '--param', `secretArn=${secretArn}`],
    ...['--param', `storageSecretArn=${storageSecretArn}`],
    ...['--param', 'bootstrapServers=kafka-1.example.com:9096,kafka-2.example.com:9096', ...both],
  ],
} as const;

/** What a command printed, and how it ended. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What lets bundles travel without a certificate, which takes minutes to get. */
export async function uncertified(): Promise<string[]> {
  const made = await Promise.all(bundles.map((bundle) => buildBundle(bundle)));
  return ['--uncertified', made.map(({ path }) => digestOf(path)).join()];
}

/** Runs a command of `scripts/` as a person would, in an environment with no account. */
export async function run(command: 'package' | 'deploy', ...args: readonly string[]): Promise<Ran> {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  // Nor one that says what is known against packages today: nobody listens there.
  const env = { ...Object.fromEntries(kept), HOME: '/nonexistent', npm_config_registry: 'http://127.0.0.1:9/' };
  const child = spawn(process.execPath, [`scripts/${command}.ts`, ...args], { cwd: root, env });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}
