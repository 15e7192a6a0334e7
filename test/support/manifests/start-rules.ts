import { graceProblems, settingsOf } from './environment.ts';
import type { Expected } from './kubernetes-rules.ts';
import type { Manifest } from './kustomize.ts';
import { networkProblems } from './network-rules.ts';
import type { Container, DeploymentSpec } from './pod-rules.ts';

/** What comes from Secrets, which are in no file: by the end of their names. */
const secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  kafka: { KAFKA_USERNAME: 'user', KAFKA_PASSWORD: 'password' },
  database: { DATABASE_URL: 'postgres://user:password@database:5432/hft' },
};

/** The environment that a container starts with, and what is wrong with where it comes from. */
export function environmentOf(
  manifests: readonly Manifest[],
  { envFrom }: Container,
  imageEnv: Readonly<Record<string, string>>,
): { env: Record<string, string>; problems: string[] } {
  const env: Record<string, string> = { ...imageEnv };
  const problems: string[] = [];
  for (const { configMapRef, secretRef } of envFrom ?? []) {
    if (configMapRef !== undefined) {
      const { name } = configMapRef;
      const map = manifests.find((one) => one.kind === 'ConfigMap' && one.metadata.name === name);
      if (map === undefined) problems.push(`there is no ConfigMap ${name}`);
      Object.assign(env, map?.data);
      if (Object.keys(map?.data ?? {}).some((key) => /PASSWORD|SECRET|DATABASE.*URL/.test(key))) {
        problems.push('a secret is in a ConfigMap');
      }
    }
    if (secretRef !== undefined) {
      const kind = secretRef.name.split('-').at(-1) ?? '';
      // Only brokers may want no user.
      if (secretRef.optional === true && kind !== 'kafka') problems.push(`the secret ${secretRef.name} is optional`);
      if (kind !== 'kafka' || env.KAFKA_SECURITY === 'scram') Object.assign(env, secrets[kind]);
    }
  }
  return { env, problems };
}

/** What the process would say to its environment, and what the network would say to the process. */
export function startProblems(
  manifests: readonly Manifest[],
  { template }: DeploymentSpec,
  container: Container,
  { imageEnv, bundles }: Expected,
): string[] {
  const { args = [], ports, startupProbe } = container;
  const { env, problems } = environmentOf(manifests, container, imageEnv);
  const [file = '', name] = args;
  const definition = bundles[file]?.find((one) => one.name === name);
  if (definition === undefined || args.length > 2) problems.push(`args: there is no function ${args.join(' ')}`);
  const { settings, problems: refused } = settingsOf(env, definition?.checkSettings);
  problems.push(...refused);
  if (settings === undefined) return problems;

  problems.push(...graceProblems((template.spec.terminationGracePeriodSeconds ?? 30) * 1_000, settings));
  const startupMs = (startupProbe?.periodSeconds ?? 10) * (startupProbe?.failureThreshold ?? 3) * 1_000;
  if (startupMs <= settings.startupTimeoutMs) problems.push('startupProbe gives up before STARTUP_TIMEOUT_MS');
  if (ports?.find((port) => port.name === 'metrics')?.containerPort !== settings.metricsPort) {
    problems.push('port metrics is not METRICS_PORT');
  }
  const reached = {
    brokers: settings.bootstrapServers.map((server) => Number(server.split(':').at(-1))),
    databases: env.DATABASE_URL === undefined ? [] : [5432, 6432],
  };
  return [...problems, ...networkProblems(manifests, reached, settings.security)];
}
