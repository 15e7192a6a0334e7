import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

/** A Kubernetes object, as YAML says it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    namespace?: string;
    labels?: Record<string, string>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  spec?: Record<string, unknown>;
  readonly data?: Record<string, string>;
  readonly [field: string]: unknown;
}

type Labels = Readonly<Record<string, string>>;

interface Kustomization {
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly namespace?: string;
  readonly replicas?: readonly { readonly name: string; readonly count: number }[];
  readonly images?: readonly { readonly name: string; readonly newName?: string; readonly newTag?: string }[];
  readonly labels?: readonly { readonly pairs: Labels; readonly includeSelectors?: boolean }[];
  readonly patches?: readonly {
    readonly target: { readonly kind?: string; readonly name?: string };
    readonly patch?: string;
    readonly path?: string;
  }[];
  readonly configMapGenerator?: readonly {
    readonly name: string;
    readonly behavior?: 'create' | 'merge';
    readonly literals: readonly string[];
  }[];
}

/** What this reads of a kustomization. Anything else is refused: it would be left out in silence. */
const known: Readonly<Record<string, readonly string[]>> = {
  kustomization: [
    ...['apiVersion', 'kind', 'resources', 'components', 'namespace', 'replicas', 'images', 'labels'],
    ...['configMapGenerator', 'patches'],
  ],
  replicas: ['name', 'count'],
  images: ['name', 'newName', 'newTag'],
  labels: ['pairs', 'includeSelectors'],
  configMapGenerator: ['name', 'behavior', 'literals'],
  patches: ['target', 'patch', 'path'],
};

const clusterWide = new Set(['Namespace', 'ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition']);

/**
 * What `kubectl kustomize` makes of a folder, for the part of Kustomize that infra/kubernetes uses, but for the suffix of
 * generated names: tests must not need kubectl. `test/fixtures/kustomize` holds it to what kubectl itself made.
 * @throws Error at a field that it does not know, or a file that is not there
 */
export function renderKustomization(folder: string): Manifest[] {
  return apply(folder, []);
}

function apply(folder: string, inherited: readonly Manifest[]): Manifest[] {
  const path = join(folder, 'kustomization.yaml');
  const spec = parse(readFileSync(path, 'utf8')) as Kustomization & Readonly<Record<string, unknown>>;
  refuseUnknown(path, spec);
  let made = [...inherited, ...(spec.resources ?? []).flatMap((name) => readResource(join(folder, name)))];
  for (const generator of spec.configMapGenerator ?? []) made = generate(path, made, generator);
  for (const component of spec.components ?? []) made = apply(join(folder, component), made);
  for (const manifest of made) transform(manifest, spec);
  for (const { target, patch, path: file } of spec.patches ?? []) {
    const patched = made.filter(
      ({ kind, metadata }) => (target.kind ?? kind) === kind && (target.name ?? metadata.name) === metadata.name,
    );
    if (patched.length === 0)
      throw new Error(`${path}: there is no ${target.kind ?? 'object'} ${target.name ?? ''} to patch`);
    const text = patch ?? readFileSync(join(folder, file ?? ''), 'utf8');
    for (const manifest of patched) amend(path, manifest, parse(text) as Operation[]);
  }
  return made;
}

function refuseUnknown(path: string, spec: Readonly<Record<string, unknown>>): void {
  for (const [field, value] of Object.entries(spec)) {
    if (!known.kustomization?.includes(field)) throw new Error(`${path}: ${field} is not read by these tests`);
    if (!Array.isArray(value) || known[field] === undefined) continue;
    for (const inner of value.flatMap((one: object) => Object.keys(one))) {
      if (!known[field].includes(inner)) throw new Error(`${path}: ${field}.${inner} is not read by these tests`);
    }
  }
}

function readResource(path: string): Manifest[] {
  if (statSync(path).isDirectory()) return apply(path, []);
  return parseAllDocuments(readFileSync(path, 'utf8')).map((document) => {
    if (document.errors.length > 0) throw new Error(`${path}: ${document.errors[0]?.message}`);
    return document.toJS() as Manifest;
  });
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value: unknown;
}

/** RFC 6902, as far as it is used: fields that are added, or replaced. */
function amend(path: string, manifest: Manifest, operations: readonly Operation[]): void {
  for (const { op, path: pointer, value } of operations) {
    if (op !== 'add' && op !== 'replace') throw new Error(`${path}: ${op} of a patch is not read by these tests`);
    const keys = pointer.slice(1).split('/');
    const last = keys.pop() ?? '';
    let at: unknown = manifest;
    for (const key of keys) at = (at as Readonly<Record<string, unknown>> | undefined)?.[key];
    if (typeof at !== 'object' || at === null) throw new Error(`${path}: a patch has nothing to add ${pointer} to`);
    if (op === 'replace' && !(last in at)) throw new Error(`${path}: a patch has no ${pointer} to replace`);
    (at as Record<string, unknown>)[last] = value;
  }
}

type Generator = NonNullable<Kustomization['configMapGenerator']>[number];

function generate(path: string, made: readonly Manifest[], { name, behavior, literals }: Generator): Manifest[] {
  const data = Object.fromEntries(
    literals.map((literal): [string, string] => {
      const at = literal.indexOf('=');
      return [literal.slice(0, at), literal.slice(at + 1)];
    }),
  );
  const before = made.find((one) => one.kind === 'ConfigMap' && one.metadata.name === name);
  if (behavior !== 'merge') {
    if (before !== undefined) throw new Error(`${path}: ${name} is there already`);
    return [...made, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }];
  }
  if (before?.data === undefined) throw new Error(`${path}: there is no ${name} to merge with`);
  Object.assign(before.data, data);
  return [...made];
}

function transform(manifest: Manifest, spec: Kustomization): void {
  const { kind, metadata } = manifest;
  for (const { pairs, includeSelectors } of spec.labels ?? []) {
    metadata.labels = { ...metadata.labels, ...pairs };
    if (includeSelectors) for (const at of selecting(manifest)) at.labels = { ...at.labels, ...pairs };
  }
  if (spec.namespace !== undefined && !clusterWide.has(kind)) metadata.namespace = spec.namespace;
  for (const { name, count } of spec.replicas ?? []) {
    if (kind === 'Deployment' && name === metadata.name) manifest.spec = { ...manifest.spec, replicas: count };
  }
  for (const { name, newName, newTag } of spec.images ?? []) {
    for (const container of podOf(manifest)?.spec.containers ?? []) {
      const [image, tag] = container.image.split(':');
      if (image === name) container.image = [newName ?? image, newTag ?? tag].filter(Boolean).join(':');
    }
  }
}

/** Where an object selects pods, or labels those that are selected. */
function selecting(manifest: Manifest): { labels: Labels }[] {
  const spec = manifest.spec as SelectingSpec | undefined;
  const at = <Key extends string>(holder: Partial<Record<Key, Labels>>, key: Key): { labels: Labels } => ({
    get labels() {
      return holder[key] ?? {};
    },
    set labels(labels) {
      holder[key] = labels;
    },
  });
  if (manifest.kind === 'ServiceAccount' || manifest.kind === 'ConfigMap') return [];
  if (manifest.kind === 'PodDisruptionBudget') return [at(spec?.selector ?? {}, 'matchLabels')];
  if (manifest.kind !== 'Deployment' || spec?.template === undefined) {
    // Of a network policy, they would go into the selectors of whom it speaks to as well.
    throw new Error(`includeSelectors of a ${manifest.kind} is not read by these tests`);
  }
  const spread = spec.template.spec.topologySpreadConstraints ?? [];
  return [
    at(spec.selector ?? {}, 'matchLabels'),
    at(spec.template.metadata, 'labels'),
    ...spread.map(({ labelSelector }) => at(labelSelector, 'matchLabels')),
  ];
}

interface SelectingSpec {
  readonly selector?: { matchLabels?: Labels };
  readonly template?: {
    readonly metadata: { labels?: Labels };
    readonly spec: { readonly topologySpreadConstraints?: readonly { labelSelector: { matchLabels?: Labels } }[] };
  };
}

/** What pods are made of: that of a Deployment, a Job or a CronJob, to be read or changed. */
export interface PodTemplate {
  readonly metadata: { readonly labels: Labels };
  readonly spec: { readonly containers: { name: string; image: string; [field: string]: unknown }[] };
}

/** The pods of an object; `undefined` when it has none. */
export function podOf({ kind, spec }: Manifest): PodTemplate | undefined {
  if (kind === 'Deployment' || kind === 'Job') return spec?.template as PodTemplate;
  if (kind !== 'CronJob') return undefined;
  return (spec?.jobTemplate as { spec: { template: PodTemplate } } | undefined)?.spec.template;
}
