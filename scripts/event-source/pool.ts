import { createEnvironment, type Environment, type EnvironmentOptions, type InvokeResult } from './environment.ts';

/** Execution environments of one function: as many as are needed at a time, kept and used again. */
export interface EnvironmentPool {
  invoke(event: string): Promise<InvokeResult>;
  close(): Promise<void>;
  /** CPU seconds of all environments, those that have ended included. */
  cpuSeconds(): number;
  readonly started: number;
  readonly alive: number;
}

/** Makes the pool and its first environment: a function that cannot initialise is found out at once. */
export async function createPool(options: EnvironmentOptions): Promise<EnvironmentPool> {
  const environments = new Set<Environment>();
  const idle: Environment[] = [];
  let started = 0;
  let endedCpuSeconds = 0;

  async function start(): Promise<Environment> {
    started += 1;
    const environment = await createEnvironment(options);
    environments.add(environment);
    return environment;
  }

  idle.push(await start());
  return {
    async invoke(event) {
      let environment = idle.pop();
      if (environment === undefined) {
        try {
          environment = await start();
        } catch (error) {
          const errorMessage = error instanceof Error ? error.message : String(error);
          const failed = { errorType: 'Runtime.InitError', errorMessage, stackTrace: [] };
          return { kind: 'crash', error: failed, durationMs: 0 };
        }
      }
      const result = await environment.invoke(event);
      if (environment.alive) idle.push(environment);
      else {
        endedCpuSeconds += environment.cpuSeconds();
        environments.delete(environment);
      }
      return result;
    },
    async close() {
      for (const environment of environments) endedCpuSeconds += environment.cpuSeconds();
      await Promise.all([...environments].map((environment) => environment.close()));
      environments.clear();
    },
    cpuSeconds: () => [...environments].reduce((sum, environment) => sum + environment.cpuSeconds(), endedCpuSeconds),
    get started() {
      return started;
    },
    get alive() {
      return environments.size;
    },
  };
}
