import { seenMb } from './environment.ts';
import type { Manifest } from './kustomize.ts';

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
  readonly periodSeconds?: number;
  readonly failureThreshold?: number;
}

interface Reference {
  readonly name: string;
  readonly optional?: boolean;
}

/** A container, as far as rules read it. */
export interface Container {
  readonly image: string;
  readonly args?: readonly string[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly envFrom?: readonly { readonly configMapRef?: Reference; readonly secretRef?: Reference }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly resources?: { readonly [part in 'requests' | 'limits']?: Readonly<Record<string, string>> };
  readonly securityContext?: {
    readonly allowPrivilegeEscalation?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  };
}

export type Labels = Readonly<Record<string, string>>;

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly restartPolicy?: string;
  readonly securityContext?: {
    readonly runAsNonRoot?: boolean;
    readonly runAsUser?: number;
    readonly seccompProfile?: { readonly type: string };
  };
  readonly topologySpreadConstraints?: readonly { readonly topologyKey: string; readonly labelSelector: object }[];
  readonly volumes?: readonly { readonly name: string; readonly configMap?: { readonly optional?: boolean } }[];
  readonly containers: readonly Container[];
}

export interface Pod {
  readonly metadata: { readonly labels: Labels };
  readonly spec: PodSpec;
}

export interface DeploymentSpec {
  readonly replicas?: number;
  readonly selector: { readonly matchLabels: Labels };
  readonly strategy?: { readonly rollingUpdate?: { readonly maxSurge?: unknown; readonly maxUnavailable?: unknown } };
  readonly template: Pod;
}

export function identityProblems(manifests: readonly Manifest[], { spec }: Pod): string[] {
  const { serviceAccountName } = spec;
  const account = manifests.find((one) => one.kind === 'ServiceAccount' && one.metadata.name === serviceAccountName);
  if (account === undefined) return ['no ServiceAccount of its own'];
  const tokens = [account.automountServiceAccountToken, spec.automountServiceAccountToken];
  return tokens.every((mounts) => mounts === false) ? [] : ['automountServiceAccountToken is not false'];
}

/** The restricted Pod Security Standard, and a root that cannot be written. */
export function securityProblems({ spec }: Pod, { securityContext, volumeMounts }: Container): string[] {
  const pod = spec.securityContext;
  const mount = volumeMounts?.find(({ mountPath }) => mountPath === '/authorities');
  const authorities = spec.volumes?.find(({ name }) => name === mount?.name);
  const sound: [what: string, holds: boolean][] = [
    ['runAsNonRoot', pod?.runAsNonRoot === true],
    ['runAsUser above 0', (pod?.runAsUser ?? 0) > 0],
    ['seccompProfile RuntimeDefault', pod?.seccompProfile?.type === 'RuntimeDefault'],
    ['allowPrivilegeEscalation false', securityContext?.allowPrivilegeEscalation === false],
    ['readOnlyRootFilesystem', securityContext?.readOnlyRootFilesystem === true],
    ['capabilities drop ALL', securityContext?.capabilities?.drop?.includes('ALL') === true],
    ['authorities that need not be there', authorities?.configMap?.optional === true],
    ['nothing mounted that can be written', volumeMounts?.every(({ readOnly }) => readOnly === true) === true],
    ['capabilities add none', securityContext?.capabilities?.add === undefined],
  ];
  return sound.filter(([, holds]) => !holds).map(([what]) => `security: expected ${what}`);
}

export function probeProblems({ startupProbe, livenessProbe, readinessProbe }: Container): string[] {
  const expected = { startupProbe: '/live', livenessProbe: '/live', readinessProbe: '/ready' };
  const probes = { startupProbe, livenessProbe, readinessProbe };
  return Object.entries(expected).flatMap(([name, path]) => {
    const get = probes[name as keyof typeof probes]?.httpGet;
    return get?.path === path && get.port === 'metrics' ? [] : [`${name} does not ask for ${path} on port metrics`];
  });
}

export function resourceProblems(name: string, { resources }: Container): string[] {
  const problems: string[] = [];
  const memory = /^(\d+)Mi$/.exec(resources?.limits?.memory ?? '')?.[1];
  const seen = seenMb[name] ?? Number.POSITIVE_INFINITY;
  if (memory === undefined || Number(memory) * 1.048_576 < 1.2 * seen) {
    problems.push(`limits.memory: expected a fifth more than the ${seen} MB that an instance was seen to take`);
  }
  return [...problems, ...quantityProblems(resources)];
}

/** What holds for every container. */
export function quantityProblems(resources: Container['resources']): string[] {
  const problems: string[] = [];
  if (resources?.limits?.memory === undefined || resources.requests?.memory !== resources.limits.memory) {
    problems.push('memory: request and limit differ');
  }
  if (resources?.requests?.cpu === undefined) problems.push('requests.cpu is missing');
  if (resources?.limits?.cpu !== undefined) problems.push('limits.cpu would throttle heartbeats');
  return problems;
}

export function rolloutProblems({ strategy }: DeploymentSpec): string[] {
  const { maxSurge, maxUnavailable } = strategy?.rollingUpdate ?? {};
  if (maxSurge === '100%' && maxUnavailable === 0) return [];
  return ['strategy: expected all new pods at once and none missing: maxSurge 100%, maxUnavailable 0'];
}
