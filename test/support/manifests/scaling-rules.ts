import { databaseConnections, databasePools, lookoutConnections, rolloutFactor } from '../../../infra/scaling.ts';
import type { Manifest } from './kustomize.ts';

const isScaler = ({ kind }: Manifest): boolean => kind === 'ScaledObject' || kind === 'HorizontalPodAutoscaler';

/** Autoscalers of what is not there. */
export function strayScalers(manifests: readonly Manifest[]): string[] {
  const deployed = manifests.filter(({ kind }) => kind === 'Deployment').map(({ metadata }) => metadata.name);
  return manifests.filter(isScaler).flatMap(({ kind, metadata, spec }) => {
    const name = (spec?.scaleTargetRef as { name: string } | undefined)?.name ?? '';
    return deployed.includes(name) ? [] : [`${kind} ${metadata.name} scales ${name}, which there is not`];
  });
}

/** One says how many: the Deployment itself, or one autoscaler of this very Deployment and namespace. */
export function scaleProblems(own: readonly Manifest[], { spec }: Manifest): string[] {
  const scalers = own.filter(isScaler);
  const problems = scalers.flatMap((scaler) => triggerProblems(scaler, own));
  if (scalers.length > 1) problems.push('two autoscalers of one Deployment');
  if (scalers.length > 0 && spec?.replicas !== undefined) problems.push('replicas is set, and an autoscaler owns it');
  if (scalers.length === 0 && spec?.replicas === undefined) problems.push('nobody says how many');
  return problems;
}

/** As many instances as there may be, twice over while they roll out, have no more connections than their share. */
export function connectionProblems(own: readonly Manifest[], { metadata: { name }, spec }: Manifest): string[] {
  if (name !== 'storage' && name !== 'analytics') return [];
  const given = own.find((one) => one.data !== undefined && one.metadata.name === `${name}-settings`)?.data;
  const pool = Number(given?.DATABASE_POOL_SIZE);
  if (pool !== databasePools[name]) return [`DATABASE_POOL_SIZE is not the ${databasePools[name]} of infra/scaling.ts`];
  const [scaler] = own.filter(isScaler);
  const most = Number(scaler?.spec?.maxReplicaCount ?? scaler?.spec?.maxReplicas ?? spec?.replicas);
  const needed = most * rolloutFactor * (pool + lookoutConnections);
  if (needed <= databaseConnections[name]) return [];
  return [
    `${needed} connections in a rollout of ${most}, and its share of the database is ${databaseConnections[name]}`,
  ];
}

/** KEDA reaches the brokers as the function does, and counts the records of its own namespace alone. */
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
    return sound ? [] : [`trigger ${index} does not reach the brokers as the function does`];
  });
}
