import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { OptionValues } from '@virt-similarity/core';

/** A plugin's module, values for its options, and the modules of other plugins that are loaded before it. */
export interface ProbedPlugin {
  readonly module: string;
  readonly options: OptionValues;
  readonly beside: readonly string[];
}

/** What a process that does nothing but load a plugin finds. */
export interface PluginProbe {
  /** Why the module cannot be imported twice or in a thread; absent if it can. */
  readonly problem?: string | undefined;
  /** What was printed. */
  readonly printed: string;
  /** What keeps the process alive, and the files that are open, because of the plugin. */
  readonly left: readonly string[];
  /** Kind and name of each part that the module registers in a thread. */
  readonly inThread: readonly string[];
}

/** Milliseconds: as long as the command waits for a plugin. */
const LIMIT = 60_000;

/**
 * Imports a plugin and constructs its parts in a process of its own, where nothing but the plugin prints, opens files or
 * starts threads. Rejects where the process ends before that is done, or is not done within a minute.
 */
export function probePlugin(plugin: ProbedPlugin): Promise<PluginProbe> {
  const program = fileURLToPath(new URL('./plugin-process.js', import.meta.url));
  const child = fork(program, [JSON.stringify(plugin)], { silent: true });
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT);
  let printed = '';
  child.stdout?.on('data', (chunk) => {
    printed += chunk;
  });
  let complained = '';
  child.stderr?.on('data', (chunk) => {
    complained += chunk;
  });
  let found: PluginProbe | undefined;
  child.on('message', (message) => {
    // As text, so that a test runner's own classes of objects and arrays are used.
    found = JSON.parse(String(message)) as PluginProbe;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      if (found !== undefined) {
        resolve({ ...found, printed: printed + found.printed });
      } else {
        reject(
          new Error(
            `the process that imports the module and constructs its parts ended with ${status ?? signal}: ${complained}`,
          ),
        );
      }
    });
  });
}
