import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { TriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication';
import { PodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { CronJob } from 'kubernetes-models/batch/v1/CronJob';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import type { Manifest } from './kustomize.ts';

/** The published schemas of what we deploy: Kubernetes', KEDA's and those of the Prometheus operator. */
const models = [
  ...[
    ConfigMap,
    CronJob,
    Deployment,
    Job,
    HorizontalPodAutoscaler,
    Namespace,
    NetworkPolicy,
    PodDisruptionBudget,
    PodMonitor,
  ],
  ...[ScaledObject, ServiceAccount, TriggerAuthentication],
];

interface Checked {
  validate(): void;
}

/** What is wrong with an object by its schema, one line each; a field that the schema has not is wrong as well. */
export function schemaProblems(manifest: Manifest): string[] {
  const { apiVersion, kind } = manifest;
  const name = `${kind} ${manifest.metadata?.name}`;
  const model = models.find((one) => one.apiVersion === apiVersion && one.kind === kind);
  if (model === undefined) return [`${name}: no schema is known for ${apiVersion}`];
  // The models take their own types only, and what came from YAML has none yet: that is what is to be found out.
  const Model = model as unknown as new (data: unknown) => Checked;
  const read = new Set<string>();
  const problems: string[] = [];
  try {
    watched(new Model(manifest), '', read).validate();
  } catch (error) {
    problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return [...problems, ...unread(manifest, '', read).map((path) => `${name}: there is no field ${path}`)];
}

/**
 * The validators do not refuse unknown fields, as the API server does not; but they look at every field that the schema
 * has. So a field that none of them read is one that there is not.
 */
function watched<Value extends object>(value: Value, path: string, read: Set<string>): Value {
  return new Proxy(value, {
    get(target, key, receiver) {
      const inner: unknown = Reflect.get(target, key, receiver);
      if (typeof key !== 'string' || typeof inner === 'function') return inner;
      const innerPath = `${path}.${key}`;
      read.add(innerPath);
      return typeof inner === 'object' && inner !== null ? watched(inner, innerPath, read) : inner;
    },
  });
}

function unread(value: unknown, path: string, read: ReadonlySet<string>): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const innerPath = `${path}.${key}`;
    return read.has(innerPath) ? unread(inner, innerPath, read) : [innerPath];
  });
}
