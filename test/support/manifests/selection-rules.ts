import { type Manifest, podOf } from './kustomize.ts';
import type { DeploymentSpec, Labels } from './pod-rules.ts';

interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** Kinds that select pods, and the field with which. */
const selecting: Readonly<Record<string, string>> = {
  PodDisruptionBudget: 'selector',
  PodMonitor: 'selector',
  NetworkPolicy: 'podSelector',
};

function selectorOf({ kind, spec }: Manifest): Selector | undefined {
  const field = selecting[kind];
  return field === undefined ? undefined : (spec?.[field] as Selector | undefined);
}

/** An empty selector selects every pod of the namespace, which nothing here means to: it selects none. */
function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  const wanted = Object.entries(matchLabels);
  if (wanted.length + matchExpressions.length === 0) return false;
  return (
    wanted.every(([name, value]) => labels[name] === value) &&
    matchExpressions.every(
      ({ key, operator, values }) => operator === 'In' && values?.includes(labels[key] ?? '') === true,
    )
  );
}

/** The objects that concern one function: those that select its pods, scale it, or are named by it. */
export function belongingTo(deployment: Manifest, manifests: readonly Manifest[]): Manifest[] {
  const { labels } = (deployment.spec as unknown as DeploymentSpec).template.metadata;
  return manifests.filter((one) => {
    const selector = selectorOf(one);
    if (selector !== undefined) return selects(selector, labels);
    const target = one.spec?.scaleTargetRef as { name: string } | undefined;
    if (target !== undefined) return target.name === deployment.metadata.name;
    return one.kind !== 'Deployment' && podOf(one) === undefined;
  });
}

/** Selectors that select no pods. */
export function straySelectors(manifests: readonly Manifest[]): string[] {
  const pods = manifests.map((one) => podOf(one)?.metadata.labels ?? {});
  return manifests.flatMap((one) => {
    const selector = selectorOf(one);
    if (selector === undefined || pods.some((labels) => selects(selector, labels))) return [];
    return [`${one.kind} ${one.metadata.name} selects no pods`];
  });
}

/** What has to select the pods of a function. */
export function selectionProblems(own: readonly Manifest[], { selector, template }: DeploymentSpec): string[] {
  const { labels } = template.metadata;
  const kinds = ['PodDisruptionBudget', 'NetworkPolicy'].filter((kind) => !own.some((one) => one.kind === kind));
  const spread = new Map((template.spec.topologySpreadConstraints ?? []).map((one) => [one.topologyKey, one]));
  const keys = ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'];
  const others: Selector[] = [selector, ...[...spread.values()].map(({ labelSelector }) => labelSelector)];
  return [
    ...[...kinds, ...keys.filter((key) => !spread.has(key))].map((what) => `${what} is missing`),
    ...(others.every((one) => selects(one, labels)) ? [] : ['the Deployment or its spread does not select these pods']),
    // Two Deployments that select the same pods fight over them.
    ...(Object.keys(selector.matchLabels).includes('app.kubernetes.io/name') ? [] : ['selector: no name of its own']),
  ];
}
