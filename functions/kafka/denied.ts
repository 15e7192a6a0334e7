import type { Right } from './port.ts';

const verbs = { Read: 'read', Write: 'write', Describe: 'see' } as const;

/** One sentence for a right that is missing: what was wanted, what came, and what to do. */
export function deniedText({ operation, resource, name }: Right): string {
  const verb = resource === 'group' && operation === 'Read' ? 'be in' : verbs[operation];
  return (
    `This user may not ${verb} ${resource} ${name}: the brokers deny it ${operation} on ${resource} ${name}. Grant it ` +
    "('npm run topics -- apply' grants what infra/rights.ts declares), or use a user that has it."
  );
}
