import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandError } from '../support/command.ts';
import type { Target } from './options.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = fileURLToPath(import.meta.resolve('serverless/bin/serverless.js'));

/** Where the package of a target is put: its archive, its template and what `serverless deploy` needs besides. */
export function packageFolder({ stage, variant }: Target): string {
  return join(root, 'dist', 'packages', variant === 'msk' ? stage : `${stage}-self-managed`);
}

function environment(command: 'package' | 'deploy'): NodeJS.ProcessEnv {
  if (command === 'deploy') return process.env;
  // Packaging must not need an account: it is given none.
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  return { ...Object.fromEntries(kept), AWS_EC2_METADATA_DISABLED: 'true' };
}

/**
 * Runs `serverless package` into a folder, or `serverless deploy` from it.
 * @throws CommandError with what it printed, when it fails
 */
export async function runServerless(command: 'package' | 'deploy', target: Target, folder: string): Promise<void> {
  const { stage, variant, parameters } = target;
  const config = variant === 'msk' ? 'serverless.yml' : 'serverless.self-managed.yml';
  const args = [program, command, '--config', config, '--stage', stage, '--package', folder];
  for (const [name, value] of Object.entries(parameters)) args.push(`--param=${name}=${value}`);
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: environment(command),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (command === 'deploy') process.stderr.write(chunk);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code === 0) return;
  const printed = command === 'deploy' ? '' : `:\n${output.trim()}`;
  throw new CommandError(`\`serverless ${command}\` failed${printed}`);
}
