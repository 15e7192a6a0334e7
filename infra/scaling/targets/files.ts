import { stringify } from 'yaml';
import { localScaling, scaling, stagePolicies } from '../../scaling.ts';
import { allowedCounts } from '../divisors.ts';
import type { ScalingPolicy } from '../policy.ts';
import { externalRules, horizontalPodAutoscaler } from './hpa.ts';
import { scaledObject } from './keda.ts';
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
};
const head = '# Rendered from infra/scaling.ts by `npm run infra -- render`. Change it there.\n';

/** Everything that the declared policies render to. */
export function renderedFiles(): RenderedFile[] {
  const yaml = (path: string, document: object): RenderedFile => ({
    path,
    text: head + stringify(document, { lineWidth: 0, aliasDuplicateObjects: false }),
  });
  const pollers = Object.entries(stagePolicies).map(([stage, policy]) => [stage, provisionedPollers(policy)]);
  return [
    yaml('infra/kubernetes/components/keda/scaled-object.yaml', scaledObject(scaling, kubernetes)),
    yaml('infra/kubernetes/components/keda/kustomization.yaml', component('scaled-object.yaml')),
    yaml(
      'infra/kubernetes/components/hpa/horizontal-pod-autoscaler.yaml',
      horizontalPodAutoscaler(scaling, kubernetes),
    ),
    yaml('infra/kubernetes/components/hpa/kustomization.yaml', component('horizontal-pod-autoscaler.yaml')),
    yaml('infra/kubernetes/components/hpa/prometheus-adapter-values.yaml', externalRules(scaling)),
    yaml('infra/rendered/pollers.yaml', Object.fromEntries(pollers)),
    yaml('infra/rendered/local-autoscaler.yaml', localSettings(localScaling)),
  ];
}

/** What an overlay includes by `components:`. */
function component(resource: string) {
  return { apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component', resources: [resource] };
}

/** A policy with what follows from it: what the local autoscaler goes by. */
function localSettings(policy: ScalingPolicy): object {
  return { policy, instances: allowedCounts(policy) };
}
