import { messageOf, type Requirement, throwIfAborted } from '@virt-similarity/core';
import { findProgram } from './find-program.js';
import { runTool } from './run-tool.js';
import type { Tool } from './tool.js';

/** Milliseconds that a program has to print its version. */
const VERSION_TIMEOUT_MS = 5000;

/** A program, and what a reader or source needs it for. */
export type DiagnosedProgram = Tool & Pick<Requirement, 'purpose'>;

/**
 * Returns whether a program is installed and can be run, and its version (an empty `detail` if it prints none).
 *
 * @throws `aborted` if the signal fires before the program has ended.
 */
export async function diagnoseProgram(
  program: DiagnosedProgram,
  signal: AbortSignal | undefined,
): Promise<Requirement> {
  const { command: name, package: packageName, purpose } = program;
  const about = { name, package: packageName, purpose };
  if ((await findProgram(name)) === undefined) {
    return { ...about, state: 'missing', detail: '' };
  }
  try {
    const text = await runTool(program, ['--version'], {
      component: 'doctor',
      timeoutMs: VERSION_TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    });
    return { ...about, state: 'present', detail: /\d+(\.\d+)+/.exec(text)?.[0] ?? '' };
  } catch (error) {
    throwIfAborted(signal);
    return { ...about, state: 'broken', detail: messageOf(error) };
  }
}
