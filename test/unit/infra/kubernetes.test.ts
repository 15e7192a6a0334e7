import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { analytics } from '../../../functions/analytics/definition.ts';
import { processor } from '../../../functions/processor/definition.ts';
import { storage } from '../../../functions/storage/definition.ts';
import { projectVersion } from '../../../scripts/image/options.ts';
import { describeImage } from '../../support/manifests/dockerfile.ts';
import { type Expected, kubernetesProblems, renderOverlay } from '../../support/manifests/kubernetes-rules.ts';
import { type Manifest, renderKustomization } from '../../support/manifests/kustomize.ts';

const infra = new URL('../../../infra/', import.meta.url);
const expected: Expected = {
  imageEnv: describeImage(readFileSync(new URL('image/Dockerfile', infra), 'utf8')).env,
  version: projectVersion(),
  bundles: { 'functions.mjs': [processor], 'database.mjs': [storage, analytics] },
};

const overlays = readdirSync(new URL('kubernetes/overlays', infra));
const components = readdirSync(new URL('kubernetes/components', infra));

test.each(overlays)('what %s deploys is valid, safe and hangs together', (name) => {
  expect(kubernetesProblems(renderOverlay(name), expected)).toEqual([]);
});

test.each(components)('the component %s fits a base without replicas', (name) => {
  const rendered = renderKustomization(new URL(`kubernetes/components/${name}`, infra).pathname);
  // What an overlay patches.
  const component = JSON.parse(JSON.stringify(rendered).replaceAll('set-by-the-overlay', 'hft-dev')) as Manifest[];
  const fixed = renderOverlay('dev');
  for (const one of component) one.metadata.namespace = 'hft-dev';
  const scales = component.some(({ kind }) => kind === 'ScaledObject' || kind === 'HorizontalPodAutoscaler');
  if (scales) for (const one of fixed) if (one.kind === 'Deployment') delete one.spec?.replicas;
  expect(kubernetesProblems([...fixed, ...component], expected)).toEqual([]);
});

test('the processor alone needs nothing of a database', () => {
  const alone = ['processor', 'network'].flatMap((name) =>
    renderKustomization(new URL(`kubernetes/base/${name}`, infra).pathname),
  );
  for (const one of alone) {
    one.metadata.namespace = 'hft-small';
    if (one.kind === 'ConfigMap') Object.assign(one.data ?? {}, { KAFKA_BOOTSTRAP_SERVERS: 'kafka:9092' });
    if (one.kind === 'Deployment') Object.assign(one.spec ?? {}, { replicas: 4 });
  }
  const images = JSON.parse(JSON.stringify(alone).replaceAll('"hft-engine"', `"hft-engine:${expected.version}"`));
  expect(kubernetesProblems(images, expected)).toEqual([]);
});

/** Changes the value at a path of one object, the processor's unless another is named; `undefined` takes it away. */
function changed(kind: string, path: string, value: unknown): Manifest[] {
  const manifests = renderOverlay('dev');
  const [type, name] = kind.split('/');
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const found = manifests.filter((one) => one.kind === type && (name ?? one.metadata.name) === one.metadata.name);
  let at: unknown = found.find(({ metadata }) => /^processor/.test(metadata.name)) ?? found[0];
  for (const key of keys) at = (at as Record<string, unknown>)[key];
  const parent = at as Record<string, unknown>;
  expect(parent).toBeDefined();
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return manifests;
}

/** As the overlays list them. */
const names = ['processor', 'storage', 'analytics'];
const pod = 'spec.template.spec';
const container = `${pod}.containers.0`;

describe('it is told when', () => {
  test.each<[what: string, kind: string, path: string, value: unknown, says: RegExp]>([
    [
      'the grace period is no longer than draining',
      'Deployment',
      `${pod}.terminationGracePeriodSeconds`,
      15,
      /killed 15 s after SIGTERM/,
    ],
    ['draining is longer than the grace period', 'ConfigMap', 'data.DRAIN_DEADLINE_MS', '30000', /may take 35 s/],
    ['a field is misspelt', 'Deployment', `${container}.readynessProbe`, {}, /there is no field .*readynessProbe/],
    [
      'a field is in the wrong place',
      'Deployment',
      'spec.terminationGracePeriodSeconds',
      30,
      /there is no field \.spec\.termination/,
    ],
    ['a value is of the wrong type', 'Deployment', 'spec.minReadySeconds', 'ten', /minReadySeconds must be/],
    [
      'a quantity is none',
      'Deployment',
      `${container}.resources.limits.memory`,
      '384 MB',
      /must match format "quantity"|limits\/memory/,
    ],
    ['a required field is missing', 'Deployment', 'spec.selector', undefined, /must have required property selector/],
    ['a kind has no schema', 'Deployment', 'apiVersion', 'apps/v1beta1', /no schema is known for apps\/v1beta1/],
    ['it may run as root', 'Deployment', `${pod}.securityContext.runAsNonRoot`, undefined, /runAsNonRoot/],
    [
      'its root may be written',
      'Deployment',
      `${container}.securityContext.readOnlyRootFilesystem`,
      false,
      /readOnlyRoot/,
    ],
    ['it keeps capabilities', 'Deployment', `${container}.securityContext.capabilities.drop`, ['NET_RAW'], /drop ALL/],
    ['system calls are not filtered', 'Deployment', `${pod}.securityContext.seccompProfile`, undefined, /seccomp/],
    ['the image floats', 'Deployment', `${container}.image`, 'hft-engine:latest', /image is hft-engine:latest, not/],
    ['the image has no version', 'Deployment', `${container}.image`, 'hft-engine', /image is hft-engine, not/],
    ['a token is mounted', 'Deployment', `${pod}.automountServiceAccountToken`, true, /automountServiceAccountToken/],
    [
      'a probe asks for something else',
      'Deployment',
      `${container}.livenessProbe.httpGet.path`,
      '/ready',
      /livenessProbe/,
    ],
    ['there is no readiness probe', 'Deployment', `${container}.readinessProbe`, undefined, /readinessProbe/],
    ['the startup probe is hasty', 'Deployment', `${container}.startupProbe.failureThreshold`, 5, /gives up before/],
    ['the port is another', 'Deployment', `${container}.ports.0.containerPort`, 8080, /port metrics/],
    ['memory is short', 'Deployment', `${container}.resources.limits.memory`, '256Mi', /limits\.memory/],
    ['CPU is capped', 'Deployment', `${container}.resources.limits.cpu`, '1', /limits\.cpu/],
    ['pods are replaced one by one', 'Deployment', 'spec.strategy.rollingUpdate.maxSurge', 1, /strategy/],
    ['nobody says how many', 'Deployment', 'spec.replicas', undefined, /nobody says how many/],
    [
      'the function is misspelt',
      'Deployment',
      `${container}.args`,
      ['functions.mjs', 'procesor'],
      /no function .*procesor/,
    ],
    [
      'it is of another bundle',
      'Deployment',
      `${container}.args.0`,
      'database.mjs',
      /no function database.mjs processor/,
    ],
    ['pods are not spread', 'Deployment', `${pod}.topologySpreadConstraints`, undefined, /zone is missing/],
    [
      'a setting is misspelt',
      'ConfigMap',
      'data.KAFKA_BOOTSTRAP_SERVER',
      'a:1',
      /there is no setting KAFKA_BOOTSTRAP_SERVER/,
    ],
    [
      'a setting is refused',
      'ConfigMap',
      'data.KAFKA_BOOTSTRAP_SERVERS',
      'kafka',
      /KAFKA_BOOTSTRAP_SERVERS is 'kafka'/,
    ],
    ['a secret is in the open', 'ConfigMap', 'data.KAFKA_PASSWORD', 'x', /a secret is in a ConfigMap/],
    ['brokers are shut out', 'ConfigMap', 'data.KAFKA_BOOTSTRAP_SERVERS', 'kafka:29092', /brokers at 29092/],
    [
      'names cannot be looked up',
      'NetworkPolicy/functions',
      'spec.egress.0.ports',
      [{ protocol: 'TCP', port: 53 }],
      /no DNS over UDP/,
    ],
    [
      'name servers must have a label of ours',
      'NetworkPolicy/functions',
      'spec.egress.0.to.0.podSelector.matchLabels.app',
      'x',
      /processor: NetworkPolicy: no DNS over UDP/,
    ],
    ['nobody can scrape', 'NetworkPolicy/functions', 'spec.ingress', [], /metrics cannot be scraped/],
    ['anything may go out', 'NetworkPolicy/functions', 'spec.policyTypes', ['Ingress'], /does not limit Egress/],
    [
      'the budget is of other pods',
      'PodDisruptionBudget',
      'spec.selector.matchLabels',
      { app: 'x' },
      /PodDisruptionBudget processor selects no pods/,
    ],
    [
      'a database is shut out',
      'NetworkPolicy/database',
      'spec.egress.1.ports',
      [{ protocol: 'TCP', port: 5432 }],
      /storage: NetworkPolicy: a database at 6432/,
    ],
    [
      'a policy leaves a function out',
      'NetworkPolicy/database',
      'spec.podSelector.matchExpressions.0.values',
      ['storage', 'schema'],
      /analytics: NetworkPolicy: a database at 5432/,
    ],
    [
      'a database is named in the open',
      'ConfigMap/storage-settings',
      'data.DATABASE_URL',
      'postgres://u:p@h/d',
      /storage: a secret is in a ConfigMap/,
    ],
    ['nobody names the database', 'Deployment/storage', `${container}.envFrom.2`, {}, /DATABASE_URL is not set/],
    [
      'it may start without a database',
      'Deployment/analytics',
      `${container}.envFrom.2.secretRef.optional`,
      true,
      /analytics: the secret analytics-database is optional/,
    ],
    [
      'a setting of it is refused',
      'ConfigMap/storage-settings',
      'data.DATABASE_MAX_LAG_MS',
      '-1',
      /DATABASE_MAX_LAG_MS/,
    ],
    [
      'its pool is another',
      'ConfigMap/analytics-settings',
      'data.DATABASE_POOL_SIZE',
      '9',
      /analytics: DATABASE_POOL_SIZE is not the 3/,
    ],
    [
      'there are more than the database bears',
      'Deployment/storage',
      'spec.replicas',
      12,
      /storage: 72 connections in a rollout of 12, and its share of the database is 40/,
    ],
    [
      'memory of one is short',
      'Deployment/analytics',
      `${container}.resources.limits.memory`,
      '256Mi',
      /than the 306 MB/,
    ],
    [
      'two have one name',
      'Deployment/storage',
      'spec.selector.matchLabels',
      { x: 'y' },
      /storage: the Deployment or its/,
    ],
    [
      'authorities must be there',
      'Deployment',
      `${pod}.volumes.0.configMap.optional`,
      false,
      /authorities that need not/,
    ],
    [
      'authorities may be written',
      'CronJob',
      `spec.jobTemplate.${container}.volumeMounts.0.readOnly`,
      false,
      /can be written/,
    ],
    [
      'migrations are misspelt',
      'Job',
      `${container}.args.1`,
      'migrations',
      /migrate: args: there is no schema.mjs migrations/,
    ],
    [
      'migrations may be root',
      'Job',
      `${pod}.securityContext.runAsNonRoot`,
      undefined,
      /migrate: security: expected runAsNon/,
    ],
    ['migrations stay', 'Job', 'spec.ttlSecondsAfterFinished', undefined, /migrate: stays for more than ten minutes/],
    [
      'migrations know no database',
      'Job',
      `${container}.envFrom`,
      undefined,
      /migrate: DATABASE_URL comes from nowhere/,
    ],
    [
      'days are of another version',
      'CronJob',
      `spec.jobTemplate.${container}.image`,
      'hft-engine:0.0.9',
      /partitions: image is hft-engine:0.0.9/,
    ],
    ['a namespace is forgotten', 'ServiceAccount', 'metadata.namespace', undefined, /not all in one namespace/],
  ])('%s', (_what, kind, path, value, says) => {
    expect(kubernetesProblems(changed(kind, path, value), expected).join('\n')).toMatch(says);
  });

  test('an autoscaler and a number disagree', () => {
    const scaler = {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata: { name: 'processor', namespace: 'hft-dev' },
      spec: { scaleTargetRef: { name: 'processor' }, triggers: [{ type: 'kafka', metadata: {} }] },
    };
    const problems = kubernetesProblems([...renderOverlay('dev'), scaler], expected);
    expect(problems).toEqual(['processor: replicas is set, and an autoscaler owns it']);
    const stray = { ...scaler, spec: { ...scaler.spec, scaleTargetRef: { name: 'procesor' } } };
    expect(kubernetesProblems([...renderOverlay('dev'), stray], expected)).toEqual([
      'ScaledObject processor scales procesor, which there is not',
    ]);
    const misspelt = { ...scaler, spec: { ...scaler.spec, maxReplicas: 3 } };
    expect(kubernetesProblems([misspelt], expected)).toEqual([
      'ScaledObject processor: there is no field .spec.maxReplicas',
    ]);
  });

  test('the rate of another namespace would count', () => {
    const prod = renderOverlay('prod');
    for (const one of prod) if (one.kind !== 'Namespace') one.metadata.namespace = 'hft-other';
    expect(kubernetesProblems(prod, expected)).toEqual(
      names.map((name) => `${name}: trigger 1 does not ask for the rate of hft-other alone`),
    );
  });

  test('MSK IAM is meant, and its credentials are shut out', () => {
    const shut = changed('ConfigMap', 'data.KAFKA_SECURITY', 'msk-iam');
    expect(kubernetesProblems(shut, expected)).toEqual([
      'processor: NetworkPolicy: no way to the credentials of MSK IAM (component msk-iam)',
    ]);
    const component = renderKustomization(new URL('kubernetes/components/msk-iam', infra).pathname);
    for (const one of component) one.metadata.namespace = 'hft-dev';
    expect(kubernetesProblems([...shut, ...component], expected)).toEqual([]);
  });

  test('KEDA would ask the brokers without their user', () => {
    const prod = renderOverlay('prod').filter(({ kind }) => kind !== 'TriggerAuthentication');
    expect(kubernetesProblems(prod, expected)).toEqual(
      names.map((name) => `${name}: trigger 0 does not reach the brokers as the function does`),
    );
  });
});
