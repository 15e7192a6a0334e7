import { schemaActions } from '../../../scripts/database/schema.ts';
import { imageProblems } from './environment.ts';
import type { Expected } from './kubernetes-rules.ts';
import { type Manifest, podOf } from './kustomize.ts';
import { identityProblems, type Pod, quantityProblems, securityProblems } from './pod-rules.ts';
import { environmentOf } from './start-rules.ts';

/** What runs and ends: the migrations and the days of the database. */
export function jobProblems(manifests: readonly Manifest[], expected: Expected): string[] {
  const jobs = manifests.filter(({ kind }) => kind === 'Job' || kind === 'CronJob');
  return jobs.flatMap((job) => {
    const pod = podOf(job) as unknown as Pod;
    const [container, ...others] = pod.spec.containers;
    if (container === undefined || others.length > 0) return [`${job.metadata.name}: expected one container`];
    const { env, problems } = environmentOf(manifests, container, expected.imageEnv);
    const [file, action, ...rest] = container.args ?? [];
    const known = file === 'schema.mjs' && schemaActions.some((one) => one === action);
    if (!known) problems.push(`args: there is no ${[file, action, ...rest].join(' ')}`);
    if (env.DATABASE_URL === undefined) problems.push('DATABASE_URL comes from nowhere');
    if (pod.spec.restartPolicy !== 'OnFailure') problems.push('restartPolicy is not OnFailure');
    // A job cannot be changed: the next version could not be applied.
    const ttl = job.spec?.ttlSecondsAfterFinished;
    if (job.kind === 'Job' && !(Number(ttl) <= 600))
      problems.push('stays for more than ten minutes after it has ended');
    problems.push(
      ...identityProblems(manifests, pod),
      ...securityProblems(pod, container),
      ...quantityProblems(container.resources),
      ...imageProblems(container.image, expected.version),
    );
    return problems.map((problem) => `${job.metadata.name}: ${problem}`);
  });
}
