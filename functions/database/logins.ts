import { nameOf, type Server } from './servers.ts';

/** A login that is refused for another reason than a change is not looked up at each attempt. */
const pauseMs = 2_000;

/**
 * Servers whose user and password are what `read` last said of them: for a secret, which may be changed while a process lives.
 * A connection that is refused its login tells so (`refused`), and a later one has the new login.
 */
export function withLoginsOf(servers: readonly Server[], read: () => Promise<readonly Server[]>): readonly Server[] {
  let current = servers;
  let readAtMs = Date.now();

  function refused(): void {
    if (Date.now() - readAtMs < pauseMs) return;
    readAtMs = Date.now();
    // Who was refused says so; that the secret cannot be read either is told by the next setup.
    read().then(
      (fresh) => {
        current = fresh;
      },
      () => undefined,
    );
  }

  return servers.map((server) => {
    const now = (): Server => current.find((one) => nameOf(one) === nameOf(server)) ?? server;
    return {
      ...server,
      get user() {
        return now().user;
      },
      get password() {
        return now().password;
      },
      refused,
    };
  });
}
