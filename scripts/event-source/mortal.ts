import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { Writable } from 'node:stream';

// A second shell waits for a word from us on a pipe. When the pipe ends without one we are gone, and it ends what the
// first has become: a runtime client would ask its service for work for ever, and one that is frozen cannot even notice.
const shell = '(trap "" INT TERM HUP; exec > /dev/null 2>&1; read -r _ <&3 || kill -9 $$) & exec "$@" 3<&-';

/** Starts a program that does not outlive this process, however that ends. It has no input; its outputs are pipes. */
export function spawnMortal(command: readonly string[], options: Pick<SpawnOptions, 'cwd' | 'env'>): ChildProcess {
  const child = spawn('/bin/sh', ['-c', shell, 'sh', ...command], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const pipe = child.stdio[3];
  if (!(pipe instanceof Writable)) return child; // it could not be started
  pipe.on('error', () => undefined);
  child.once('exit', () => pipe.end('ended\n', () => pipe.destroy()));
  return child;
}
