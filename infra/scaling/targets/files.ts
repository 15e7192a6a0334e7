import { stringify } from 'yaml';
import {
  analyticsFunctionScaling,
  analyticsScaling,
  localScaling,
  scaling,
  stagePolicies,
  storageFunctionScaling,
  storageScaling,
} from '../../scaling.ts';
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

/** The functions that infra/kubernetes deploys, each a Deployment of its name. */
const deployed = [scaling, storageScaling, analyticsScaling];

const kubernetes = {
  // The service that the Prometheus operator makes; an overlay may know better.
  prometheusAddress: 'http://prometheus-operated.monitoring.svc:9090',
  // Nowhere is such a namespace: until an overlay patches it, the trigger fails where all can see it.
  namespace: 'set-by-the-overlay',
};
/** The overlays that scale by the component `keda`, each with its namespace. */
const overlays = { prod: 'hft-prod' };
const head = '# Rendered from infra/scaling.ts by `npm run infra -- render`. Change it there.\n';

const noReplicas = '# An overlay with this component says no `replicas`: each apply would take the count back.\n';
const eachAlone = '# All functions; an overlay that has not all of them names components of this folder instead.\n';

const pollersRemark =
  '# To be read in a review: serverless.yml takes the same from the policy itself (infra/serverless/stages.ts).\n';
const databasePollersRemark = (name: string): string =>
  `# For an event source mapping of dist/database.${name}: five calls a poller, three connections each.\n`;
const localRemark =
  '# To be read in a review: `npm start -- --autoscale` takes the policy from infra/scaling.ts itself.\n';

/** Everything that the declared policies render to. */
export function renderedFiles(): RenderedFile[] {
  const pollers = Object.entries(stagePolicies).map(([stage, policy]) => [stage, provisionedPollers(policy)]);
  return [
    ...component('keda', 'scaled-object.yaml', (policy) => scaledObject(policy, named(policy))),
    ...Object.entries(overlays).flatMap(([overlay, namespace]) =>
      deployed.map((policy) =>
        yaml(
          `infra/kubernetes/overlays/${overlay}/keda/${policy.name}-rate-query.yaml`,
          rateQueryPatch(policy, { ...named(policy), namespace }),
        ),
      ),
    ),
    ...component('hpa', 'horizontal-pod-autoscaler.yaml', (policy) => horizontalPodAutoscaler(policy, named(policy))),
    yaml('infra/kubernetes/components/hpa/prometheus-adapter-values.yaml', externalRules(deployed)),
    yaml('infra/rendered/pollers.yaml', Object.fromEntries(pollers), pollersRemark),
    databasePollers('storage', storageFunctionScaling),
    databasePollers('analytics', analyticsFunctionScaling),
    yaml('infra/rendered/local-autoscaler.yaml', localSettings(localScaling), localRemark),
  ];
}

function named({ name }: ScalingPolicy) {
  return { ...kubernetes, deployment: name };
}

function databasePollers(name: string, policy: ScalingPolicy): RenderedFile {
  return yaml(`infra/rendered/${name}-pollers.yaml`, provisionedPollers(policy), databasePollersRemark(name));
}

function yaml(path: string, document: object, remark = ''): RenderedFile {
  return { path, text: head + remark + stringify(document, { lineWidth: 0, aliasDuplicateObjects: false }) };
}

/** What an overlay includes by `components:`: of all functions together, and of each. */
function component(name: string, file: string, render: (policy: ScalingPolicy) => object): RenderedFile[] {
  const folder = `infra/kubernetes/components/${name}`;
  const kind = { apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component' };
  const functions = deployed.map((policy) => policy.name);
  return [
    yaml(`${folder}/kustomization.yaml`, { ...kind, components: functions }, noReplicas + eachAlone),
    ...deployed.flatMap((policy) => [
      yaml(`${folder}/${policy.name}/${file}`, render(policy)),
      yaml(`${folder}/${policy.name}/kustomization.yaml`, { ...kind, resources: [file] }, noReplicas),
    ]),
  ];
}

/** A policy with what follows from it: what the local autoscaler goes by. */
function localSettings(policy: ScalingPolicy): object {
  return { policy, instances: allowedCounts(policy) };
}
