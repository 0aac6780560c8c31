import { messageOf, throwIfAborted, VirtSimilarityError } from '@virt-similarity/core';
import { ChildTool, type ChildToolOptions } from './child-tool.js';
import { findProgram } from './find-program.js';
import type { Tool } from './tool.js';
import type { ToolOptions } from './tool-options.js';

/**
 * Starts a program so that it dies with this process, writes no core dump, reads no terminal and speaks English.
 * Call from the main thread: the kernel ties a child's life to the thread that started it.
 *
 * @throws VirtSimilarityError `unavailable` where it is not installed or cannot be started, `aborted`.
 */
export async function spawnTool(
  tool: Tool,
  toolArguments: readonly string[],
  options: ToolOptions,
  output: ChildToolOptions['output'],
): Promise<ChildTool> {
  const program = await findProgram(tool.command);
  if (program === undefined) {
    throw unavailable(options, missing(tool, options));
  }
  const [file, ...wrapped] = [...(await guards()), program, ...toolArguments] as [string, ...string[]];
  throwIfAborted(options.signal);
  try {
    return await ChildTool.start(file, wrapped, { ...options, output });
  } catch (cause) {
    throw unavailable(options, `${tool.command} could not be started: ${messageOf(cause)}`, cause);
  }
}

/** The error for a program that cannot be had, or did not end in time. */
export function unavailable(options: ToolOptions, reason: string, cause?: unknown): VirtSimilarityError {
  const what = options.image === undefined ? '' : `cannot open ${options.image}: `;
  return new VirtSimilarityError('unavailable', `[${options.component}] ${what}${reason}`, {
    ...(options.image === undefined ? {} : { image: options.image }),
    cause,
  });
}

function missing(tool: Tool, options: ToolOptions): string {
  const alternative = options.alternative === undefined ? '' : ` or ${options.alternative}`;
  return `${tool.command} is not installed; install ${tool.package}${alternative}`;
}

/** The programs of util-linux that set the child's death signal and limits, then become the program itself. */
async function guards(): Promise<string[]> {
  const [prlimit, setpriv] = await Promise.all([findProgram('prlimit'), findProgram('setpriv')]);
  return [
    ...(prlimit === undefined ? [] : [prlimit, '--core=0:0', '--']),
    ...(setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--']),
  ];
}
