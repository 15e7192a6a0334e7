import { stringify } from 'yaml';
import { localScaling, scaling, stagePolicies, storageFunctionScaling, storageScaling } from '../../scaling.ts';
import { allowedCounts } from '../divisors.ts';
import type { ScalingPolicy } from '../policy.ts';
import { externalRules, horizontalPodAutoscaler } from './hpa.ts';
import { rateQueryPatch, scaledObject } from './keda.ts';
import { provisionedPollers } from './pollers.ts';

/** A file that is rendered: its path from the root of the repository, and its text. */
export interface RenderedFile {
  readonly path: string;
  readonly text: string;
}

const kubernetes = {
  deployment: 'processor',
  // The service that the Prometheus operator makes; an overlay may know better.
  prometheusAddress: 'http://prometheus-operated.monitoring.svc:9090',
  // Nowhere is such a namespace: until an overlay patches it, the trigger fails where all can see it.
  namespace: 'set-by-the-overlay',
};
/** The overlays that scale by the component `keda`, each with its namespace. */
const overlays = { prod: 'hft-prod' };
const head = '# Rendered from infra/scaling.ts by `npm run infra -- render`. Change it there.\n';

const noReplicas = '# An overlay with this component says no `replicas`: each apply would take the count back.\n';

const pollersRemark =
  '# To be read in a review: serverless.yml takes the same from the policy itself (infra/serverless/stages.ts).\n';
const storageRemark =
  '# For a Deployment of dist/database.mjs storage; the most there may be is what the database has connections for.\n';
const storagePollersRemark =
  '# For an event source mapping of dist/database.storage: five calls a poller, three connections each.\n';
const localRemark =
  '# To be read in a review: `npm start -- --autoscale` takes the policy from infra/scaling.ts itself.\n';

/** Everything that the declared policies render to. */
export function renderedFiles(): RenderedFile[] {
  const pollers = Object.entries(stagePolicies).map(([stage, policy]) => [stage, provisionedPollers(policy)]);
  return [
    ...component('keda', { 'scaled-object.yaml': scaledObject(scaling, kubernetes) }),
    ...Object.entries(overlays).map(([overlay, namespace]) =>
      yaml(
        `infra/kubernetes/overlays/${overlay}/keda/rate-query.yaml`,
        rateQueryPatch(scaling, { ...kubernetes, namespace }),
      ),
    ),
    ...component('hpa', { 'horizontal-pod-autoscaler.yaml': horizontalPodAutoscaler(scaling, kubernetes) }),
    yaml('infra/kubernetes/components/hpa/prometheus-adapter-values.yaml', externalRules(scaling)),
    yaml('infra/rendered/pollers.yaml', Object.fromEntries(pollers), pollersRemark),
    yaml(
      'infra/rendered/storage-scaled-object.yaml',
      scaledObject(storageScaling, { ...kubernetes, deployment: 'storage' }),
      storageRemark,
    ),
    yaml('infra/rendered/storage-pollers.yaml', provisionedPollers(storageFunctionScaling), storagePollersRemark),
    yaml('infra/rendered/local-autoscaler.yaml', localSettings(localScaling), localRemark),
  ];
}

function yaml(path: string, document: object, remark = ''): RenderedFile {
  return { path, text: head + remark + stringify(document, { lineWidth: 0, aliasDuplicateObjects: false }) };
}

/** What an overlay includes by `components:`, with its resources. */
function component(name: string, resources: Readonly<Record<string, object>>): RenderedFile[] {
  const folder = `infra/kubernetes/components/${name}`;
  const files = Object.keys(resources);
  const kustomization = { apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component', resources: files };
  return [
    ...Object.entries(resources).map(([file, document]) => yaml(`${folder}/${file}`, document)),
    yaml(`${folder}/kustomization.yaml`, kustomization, noReplicas),
  ];
}

/** A policy with what follows from it: what the local autoscaler goes by. */
function localSettings(policy: ScalingPolicy): object {
  return { policy, instances: allowedCounts(policy) };
}
