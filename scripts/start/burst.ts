/**
 * The built-in burst: for some seconds more arrives than the minimum of instances, each held to a share of a core, can
 * do. A whole instance of this runtime does more than brokers and feed on two cores could bring, so none would be needed.
 */
export const burst = {
  profile: '5s:300,18s:2700,5s:300',
  contracts: '2',
  cpu: '0.1',
} as const;
