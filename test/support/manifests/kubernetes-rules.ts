import { graceProblems, imageProblems, settingsOf } from './environment.ts';
import { type Manifest, renderKustomization } from './kustomize.ts';
import { networkProblems } from './network-rules.ts';
import { scaleProblems } from './scaling-rules.ts';
import { schemaProblems } from './schemas.ts';

/** What an image brings along, and what is declared elsewhere. */
export interface Expected {
  readonly imageEnv: Readonly<Record<string, string>>;
  readonly version: string;
  readonly functions: readonly string[];
}

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
  readonly periodSeconds?: number;
  readonly failureThreshold?: number;
}

interface Container {
  readonly image: string;
  readonly args?: readonly string[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string }; readonly secretRef?: object }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly resources?: { readonly [part in 'requests' | 'limits']?: Readonly<Record<string, string>> };
  readonly securityContext?: {
    readonly allowPrivilegeEscalation?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  };
}

type Labels = Readonly<Record<string, string>>;

interface DeploymentSpec {
  readonly replicas?: number;
  readonly selector: { readonly matchLabels: Labels };
  readonly strategy?: { readonly rollingUpdate?: { readonly maxSurge?: unknown; readonly maxUnavailable?: unknown } };
  readonly template: {
    readonly metadata: { readonly labels: Labels };
    readonly spec: {
      readonly serviceAccountName?: string;
      readonly automountServiceAccountToken?: boolean;
      readonly terminationGracePeriodSeconds?: number;
      readonly securityContext?: {
        readonly runAsNonRoot?: boolean;
        readonly runAsUser?: number;
        readonly seccompProfile?: { readonly type: string };
      };
      readonly topologySpreadConstraints?: readonly { readonly topologyKey: string; readonly labelSelector: object }[];
      readonly containers: readonly Container[];
    };
  };
}

/** What is wrong with what a folder of infra/kubernetes deploys, one line each. */
export function kubernetesProblems(manifests: readonly Manifest[], expected: Expected): string[] {
  const schema = manifests.flatMap(schemaProblems);
  // What the rules read is there only when the schema says so.
  if (schema.length > 0) return schema;
  const [deployment, ...more] = manifests.filter(({ kind }) => kind === 'Deployment');
  if (deployment === undefined || more.length > 0) return ['expected one Deployment'];
  const spec = deployment.spec as unknown as DeploymentSpec;
  const [container, ...sidecars] = spec.template.spec.containers;
  if (container === undefined || sidecars.length > 0) return ['expected one container'];
  return [
    ...identityProblems(manifests, spec),
    ...securityProblems(spec, container),
    ...probeProblems(container),
    ...resourceProblems(container),
    ...rolloutProblems(spec),
    ...scaleProblems(manifests, deployment),
    ...selectionProblems(manifests, spec),
    ...startProblems(manifests, spec, container, expected),
    ...imageProblems(container.image, expected.version),
  ];
}

/** Renders a folder of infra/kubernetes. */
export function renderOverlay(name: string): Manifest[] {
  return renderKustomization(new URL(`../../../infra/kubernetes/overlays/${name}`, import.meta.url).pathname);
}

function identityProblems(manifests: readonly Manifest[], { template }: DeploymentSpec): string[] {
  const account = manifests.find((one) => one.kind === 'ServiceAccount');
  const problems: string[] = [];
  if (account?.metadata.name !== template.spec.serviceAccountName) problems.push('no ServiceAccount of its own');
  if (account?.automountServiceAccountToken !== false || template.spec.automountServiceAccountToken !== false) {
    problems.push('automountServiceAccountToken is not false');
  }
  const namespaces = new Set(manifests.filter(({ kind }) => kind !== 'Namespace').map((one) => one.metadata.namespace));
  if (namespaces.size !== 1 || namespaces.has(undefined)) problems.push('not all in one namespace');
  return problems;
}

/** The restricted Pod Security Standard, and a root that cannot be written. */
function securityProblems({ template }: DeploymentSpec, { securityContext }: Container): string[] {
  const pod = template.spec.securityContext;
  const sound: [what: string, holds: boolean][] = [
    ['runAsNonRoot', pod?.runAsNonRoot === true],
    ['runAsUser above 0', (pod?.runAsUser ?? 0) > 0],
    ['seccompProfile RuntimeDefault', pod?.seccompProfile?.type === 'RuntimeDefault'],
    ['allowPrivilegeEscalation false', securityContext?.allowPrivilegeEscalation === false],
    ['readOnlyRootFilesystem', securityContext?.readOnlyRootFilesystem === true],
    ['capabilities drop ALL', securityContext?.capabilities?.drop?.includes('ALL') === true],
    ['capabilities add none', securityContext?.capabilities?.add === undefined],
  ];
  return sound.filter(([, holds]) => !holds).map(([what]) => `security: expected ${what}`);
}

function probeProblems({ startupProbe, livenessProbe, readinessProbe }: Container): string[] {
  const expected = { startupProbe: '/live', livenessProbe: '/live', readinessProbe: '/ready' };
  const probes = { startupProbe, livenessProbe, readinessProbe };
  return Object.entries(expected).flatMap(([name, path]) => {
    const get = probes[name as keyof typeof probes]?.httpGet;
    return get?.path === path && get.port === 'metrics' ? [] : [`${name} does not ask for ${path} on port metrics`];
  });
}

function resourceProblems({ resources }: Container): string[] {
  const problems: string[] = [];
  const memory = /^(\d+)Mi$/.exec(resources?.limits?.memory ?? '')?.[1];
  // What `npm run bench` found at most, in MB.
  if (memory === undefined || Number(memory) * 1.048_576 < 1.2 * 293) {
    problems.push('limits.memory: expected a fifth more than the 293 MB that an instance was seen to take');
  }
  if (resources?.requests?.memory !== resources?.limits?.memory) problems.push('memory: request and limit differ');
  if (resources?.requests?.cpu === undefined) problems.push('requests.cpu is missing');
  if (resources?.limits?.cpu !== undefined) problems.push('limits.cpu would throttle heartbeats');
  return problems;
}

function rolloutProblems({ strategy }: DeploymentSpec): string[] {
  const { maxSurge, maxUnavailable } = strategy?.rollingUpdate ?? {};
  if (maxSurge === '100%' && maxUnavailable === 0) return [];
  return ['strategy: expected all new pods at once and none missing: maxSurge 100%, maxUnavailable 0'];
}

/** Everything that selects pods must select ours. */
function selectionProblems(manifests: readonly Manifest[], spec: DeploymentSpec): string[] {
  const { labels } = spec.template.metadata;
  const selectors: [what: string, selector: unknown][] = [['Deployment', spec.selector]];
  for (const { kind, spec: other } of manifests) {
    if (kind === 'PodDisruptionBudget' || kind === 'PodMonitor') selectors.push([kind, other?.selector]);
    if (kind === 'NetworkPolicy') selectors.push([kind, other?.podSelector]);
  }
  const spread = spec.template.spec.topologySpreadConstraints ?? [];
  for (const { topologyKey, labelSelector } of spread) selectors.push([topologyKey, labelSelector]);
  const problems = ['PodDisruptionBudget', 'NetworkPolicy', 'topology.kubernetes.io/zone', 'kubernetes.io/hostname']
    .filter((what) => !selectors.some(([one]) => one === what))
    .map((what) => `${what} is missing`);
  for (const [what, selector] of selectors) {
    const wanted = Object.entries((selector as { matchLabels?: Labels } | undefined)?.matchLabels ?? {});
    if (wanted.length > 0 && wanted.every(([name, value]) => labels[name] === value)) continue;
    problems.push(`${what} does not select these pods`);
  }
  return problems;
}

/** What the process would say to its environment, and what the network would say to the process. */
function startProblems(
  manifests: readonly Manifest[],
  { template }: DeploymentSpec,
  { args, ports, envFrom, startupProbe }: Container,
  { imageEnv, functions }: Expected,
): string[] {
  const maps = (envFrom ?? []).flatMap(({ configMapRef }) => (configMapRef ? [configMapRef.name] : []));
  const env: Record<string, string> = { ...imageEnv };
  const problems: string[] = [];
  for (const name of maps) {
    const map = manifests.find((one) => one.kind === 'ConfigMap' && one.metadata.name === name);
    if (map === undefined) problems.push(`there is no ConfigMap ${name}`);
    Object.assign(env, map?.data);
  }
  if (Object.keys(env).some((name) => /PASSWORD|SECRET/.test(name))) problems.push('a secret is in a ConfigMap');
  // Comes from the Secret, which is in no file.
  if (env.KAFKA_SECURITY === 'scram') Object.assign(env, { KAFKA_USERNAME: 'user', KAFKA_PASSWORD: 'password' });
  const { settings, problems: refused } = settingsOf(env);
  problems.push(...refused);
  if (settings === undefined) return problems;

  problems.push(...graceProblems((template.spec.terminationGracePeriodSeconds ?? 30) * 1_000, settings));
  const startupMs = (startupProbe?.periodSeconds ?? 10) * (startupProbe?.failureThreshold ?? 3) * 1_000;
  if (startupMs <= settings.startupTimeoutMs) problems.push('startupProbe gives up before STARTUP_TIMEOUT_MS');
  if (ports?.find(({ name }) => name === 'metrics')?.containerPort !== settings.metricsPort) {
    problems.push('port metrics is not METRICS_PORT');
  }
  if (!functions.includes(args?.[0] ?? '')) problems.push(`args: there is no function ${args?.join(' ')}`);
  const brokerPorts = settings.bootstrapServers.map((server) => Number(server.split(':').at(-1)));
  return [...problems, ...networkProblems(manifests, brokerPorts, settings.security)];
}
