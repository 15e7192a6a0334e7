import { type Bundles, imageProblems } from './environment.ts';
import { jobProblems } from './job-rules.ts';
import { type Manifest, renderKustomization } from './kustomize.ts';
import {
  type DeploymentSpec,
  identityProblems,
  probeProblems,
  resourceProblems,
  rolloutProblems,
  securityProblems,
} from './pod-rules.ts';
import { connectionProblems, scaleProblems, strayScalers } from './scaling-rules.ts';
import { schemaProblems } from './schemas.ts';
import { belongingTo, selectionProblems, straySelectors } from './selection-rules.ts';
import { startProblems } from './start-rules.ts';

/** What an image brings along, and what is declared elsewhere. */
export interface Expected {
  readonly imageEnv: Readonly<Record<string, string>>;
  readonly version: string;
  readonly bundles: Bundles;
}

/** What is wrong with what a folder of infra/kubernetes deploys, one line each. */
export function kubernetesProblems(manifests: readonly Manifest[], expected: Expected): string[] {
  const schema = manifests.flatMap(schemaProblems);
  // What the rules read is there only when the schema says so.
  if (schema.length > 0) return schema;
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
  if (deployments.length === 0) return ['expected a Deployment'];
  const namespaces = new Set(manifests.filter(({ kind }) => kind !== 'Namespace').map((one) => one.metadata.namespace));
  return [
    ...(namespaces.size !== 1 || namespaces.has(undefined) ? ['not all in one namespace'] : []),
    ...straySelectors(manifests),
    ...strayScalers(manifests),
    ...jobProblems(manifests, expected),
    ...deployments.flatMap((deployment) =>
      functionProblems(belongingTo(deployment, manifests), deployment, expected).map(
        (problem) => `${deployment.metadata.name}: ${problem}`,
      ),
    ),
  ];
}

/** What is wrong with one function, among the objects that are its own. */
function functionProblems(own: readonly Manifest[], deployment: Manifest, expected: Expected): string[] {
  const spec = deployment.spec as unknown as DeploymentSpec;
  const [container, ...sidecars] = spec.template.spec.containers;
  if (container === undefined || sidecars.length > 0) return ['expected one container'];
  return [
    ...identityProblems(own, spec.template),
    ...securityProblems(spec.template, container),
    ...probeProblems(container),
    ...resourceProblems(deployment.metadata.name, container),
    ...rolloutProblems(spec),
    ...scaleProblems(own, deployment),
    ...selectionProblems(own, spec),
    ...startProblems(own, spec, container, expected),
    ...connectionProblems(own, deployment),
    ...imageProblems(container.image, expected.version),
  ];
}

/** Renders a folder of infra/kubernetes. */
export function renderOverlay(name: string): Manifest[] {
  return renderKustomization(new URL(`../../../infra/kubernetes/overlays/${name}`, import.meta.url).pathname);
}
