import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { OptionValues } from '@virt-similarity/core';

/** A plugin's module, values for its options, and the modules of other plugins that are loaded before it. */
export interface ProbedPlugin {
  readonly module: string;
  readonly options: OptionValues;
  readonly beside: readonly string[];
}

/** The findings of a process that only loads a plugin. */
export interface PluginProbe {
  /**
   * Why the module cannot be imported twice, its parts cannot be listed, or it cannot be imported in a thread; absent
   * if all of this works.
   */
  readonly problem?: string | undefined;
  /** Output of the plugin. */
  readonly printed: string;
  /** Resources of the plugin that keep the process alive, and files that it left open. */
  readonly left: readonly string[];
  /** Kind and name of each part that the module registers in a thread. */
  readonly inThread: readonly string[];
}

/** The time limit in milliseconds, which is the time that the command waits for a plugin by default. */
const LIMIT = 60_000;

/**
 * Imports a plugin and constructs its parts in a separate process, where nothing but the plugin prints, opens files or
 * starts threads. Rejects if the process ends early or takes more than a minute.
 */
export function probePlugin(plugin: ProbedPlugin): Promise<PluginProbe> {
  const program = fileURLToPath(new URL('./plugin-process.js', import.meta.url));
  const child = fork(program, [JSON.stringify(plugin)], { silent: true });
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT);
  let printed = '';
  child.stdout?.on('data', (chunk) => {
    printed += chunk;
  });
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  let found: PluginProbe | undefined;
  child.on('message', (message) => {
    // Parsed here, so that objects and arrays have the test runner's own classes.
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
            `the process that imports the module and constructs its parts ended with ${status ?? signal}: ${errors}`,
          ),
        );
      }
    });
  });
}
