import type { Principal } from '../../infra/rights.ts';
import { type LiveRights, type Right, rightsOf, rightText } from '../support/kafka/acls.ts';

/** What a user is to be granted. */
export interface GrantStep {
  readonly kind: 'grant';
  /** The user. */
  readonly name: string;
  readonly rights: readonly Right[];
}

/** Rights that nobody declared, of one user: worth a line, and left alone. */
export interface ExtraRightsStep {
  readonly kind: 'extra-rights';
  readonly name: string;
  /** In words. */
  readonly rights: readonly string[];
}

/** What lies between the declared rights and those of a cluster. Nothing where it has no authorizer. */
export function rightSteps(
  declared: readonly Principal[],
  live: LiveRights | undefined,
): (GrantStep | ExtraRightsStep)[] {
  if (live === undefined || declared.length === 0) return [];
  const wanted = rightsOf(declared);
  const granted = new Set(live.rights.map(rightText));
  const known = new Set(wanted.map(rightText));
  const missing = wanted.filter((right) => !granted.has(rightText(right)));
  const extra = live.rights.filter((right) => !known.has(rightText(right)));
  return [
    ...byUser(missing).map(([name, rights]): GrantStep => ({ kind: 'grant', name, rights })),
    ...byUser(extra).map(([name, rights]): ExtraRightsStep => {
      return { kind: 'extra-rights', name, rights: [rightsText(rights)] };
    }),
    ...(live.others.length === 0 ? [] : [{ kind: 'extra-rights', name: 'others', rights: live.others } as const]),
  ];
}

/** `topic market.raw (Read, DescribeConfigs), group processor-group (Read)`: the rights of one user. */
export function rightsText(rights: readonly Right[]): string {
  const operations = new Map<string, string[]>();
  for (const { resource, name, operation } of rights) {
    const thing = resource === 'cluster' ? 'the cluster' : `${resource} ${name}`;
    operations.set(thing, [...(operations.get(thing) ?? []), operation]);
  }
  return [...operations].map(([thing, all]) => `${thing} (${all.join(', ')})`).join(', ');
}

function byUser(rights: readonly Right[]): [user: string, rights: Right[]][] {
  return [...new Set(rights.map(({ user }) => user))].map((user) => [user, rights.filter((one) => one.user === user)]);
}
