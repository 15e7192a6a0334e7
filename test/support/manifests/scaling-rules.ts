import type { Manifest } from './kustomize.ts';

/** One says how many: the Deployment itself, or one autoscaler of this very Deployment and namespace. */
export function scaleProblems(manifests: readonly Manifest[], deployment: Manifest): string[] {
  const replicas = deployment.spec?.replicas;
  const scalers = manifests.filter(({ kind }) => kind === 'ScaledObject' || kind === 'HorizontalPodAutoscaler');
  const problems = scalers
    .filter(({ spec }) => (spec?.scaleTargetRef as { name?: string } | undefined)?.name !== deployment.metadata.name)
    .map(({ kind }) => `${kind} scales something else`);
  problems.push(...scalers.flatMap((scaler) => triggerProblems(scaler, manifests)));
  if (scalers.length > 1) problems.push('two autoscalers of one Deployment');
  if (scalers.length > 0 && replicas !== undefined) problems.push('replicas is set, and an autoscaler owns it');
  if (scalers.length === 0 && replicas === undefined) problems.push('nobody says how many');
  return problems;
}

/** KEDA reaches the brokers as the processor does, and counts the records of its own namespace alone. */
function triggerProblems({ spec, metadata: { namespace } }: Manifest, manifests: readonly Manifest[]): string[] {
  const triggers = (spec?.triggers ?? []) as readonly {
    readonly type: string;
    readonly metadata: Readonly<Record<string, string>>;
    readonly authenticationRef?: { readonly name: string };
  }[];
  const secured = manifests.some(({ data }) => data?.KAFKA_SECURITY === 'scram');
  return triggers.flatMap(({ type, metadata, authenticationRef }, index) => {
    if (type === 'prometheus') {
      const scopes = metadata.query?.match(/namespace="[^"]*"/g) ?? [];
      const own = scopes.length > 0 && scopes.every((scope) => scope === `namespace="${namespace}"`);
      return own ? [] : [`trigger ${index} does not ask for the rate of ${namespace} alone`];
    }
    if (type !== 'kafka') return [];
    const { sasl, tls } = metadata;
    const named = manifests.some(
      (one) => one.kind === 'TriggerAuthentication' && one.metadata.name === authenticationRef?.name,
    );
    const sound = secured ? sasl === 'scram_sha512' && tls === 'enable' && named : sasl === undefined;
    return sound ? [] : [`trigger ${index} does not reach the brokers as the processor does`];
  });
}
