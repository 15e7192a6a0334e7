import type { Manifest } from './kustomize.ts';

interface PolicyRule {
  readonly to?: readonly {
    readonly ipBlock?: { readonly cidr: string };
    readonly podSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  }[];
  readonly ports?: readonly { readonly port: number | string; readonly endPort?: number; readonly protocol: string }[];
}

interface PolicySpec {
  readonly policyTypes?: readonly string[];
  readonly ingress?: readonly PolicyRule[];
  readonly egress?: readonly PolicyRule[];
}

/** Where EKS Pod Identity hands out credentials. */
const credentials = { cidr: '169.254.170.23/32', port: 80 };

/** What the network policies, which add up, let in and out is what the process needs. */
export function networkProblems(
  manifests: readonly Manifest[],
  { brokers, databases }: { readonly brokers: readonly number[]; readonly databases: readonly number[] },
  security: string,
): string[] {
  const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy').map(({ spec }) => spec as PolicySpec);
  const ingress = policies.flatMap((policy) => policy.ingress ?? []);
  const egress = policies.flatMap((policy) => policy.egress ?? []);
  const opens = (rules: readonly PolicyRule[], wanted: number | string, protocol: string): boolean =>
    rules.some(({ ports }) =>
      (ports ?? []).some((one) => {
        if (one.protocol !== protocol) return false;
        if (typeof wanted === 'string' || typeof one.port === 'string') return one.port === wanted;
        return wanted >= one.port && wanted <= (one.endPort ?? one.port);
      }),
    );
  const problems = ['Ingress', 'Egress']
    .filter((type) => !policies.some(({ policyTypes }) => policyTypes?.includes(type)))
    .map((type) => `NetworkPolicy does not limit ${type}`);
  if (!opens(ingress, 'metrics', 'TCP')) problems.push('NetworkPolicy: metrics cannot be scraped');
  // Name servers have this label, and not one that a kustomization puts into every selector.
  const toNames = egress.filter(({ to }) =>
    to?.some(({ podSelector }) => JSON.stringify(podSelector?.matchLabels) === '{"k8s-app":"kube-dns"}'),
  );
  for (const protocol of ['UDP', 'TCP']) {
    if (!opens(toNames, 53, protocol)) problems.push(`NetworkPolicy: no DNS over ${protocol}`);
  }
  const toCredentials = egress.filter(({ to }) => to?.some(({ ipBlock }) => ipBlock?.cidr === credentials.cidr));
  if (security === 'msk-iam' && !opens(toCredentials, credentials.port, 'TCP')) {
    problems.push('NetworkPolicy: no way to the credentials of MSK IAM (component msk-iam)');
  }
  const shut = (ports: readonly number[]): number[] => ports.filter((port) => !opens(egress, port, 'TCP'));
  return [
    ...problems,
    ...shut(brokers).map((port) => `NetworkPolicy: brokers at ${port} cannot be reached`),
    ...shut(databases).map((port) => `NetworkPolicy: a database at ${port} cannot be reached`),
  ];
}
