import { messageOf, throwIfAborted, VirtSimilarityError, type Wording, wording } from '@virt-similarity/core';
import { ChildTool, type ChildToolOptions } from './child-tool.js';
import { findProgram } from './find-program.js';
import { checkedLifelineWords, lifelineWords } from './lifeline.js';
import { type Confinement, confine, type SandboxView } from './sandbox.js';
import type { Tool } from './tool.js';
import { limitingWords } from './tool-limits.js';
import type { ToolOptions } from './tool-options.js';
import { workingSandbox } from './working-sandbox.js';

/**
 * Starts a program. The program ends when this process ends, reads no terminal and prints English messages. If prlimit
 * is installed, the program's resources are limited, and it writes no core dump. With a view, the program runs in a
 * sandbox.
 *
 * @throws `unavailable` if the program is not installed or cannot be started; with a view also `unavailable` if no
 *   sandbox works or can be tried, and as `confine`; `aborted` if the signal has fired.
 */
export async function spawnTool(
  tool: Tool,
  toolArguments: readonly string[],
  options: ToolOptions,
  output: ChildToolOptions['output'],
): Promise<ChildTool> {
  const program = await requireProgram(tool, options);
  const confinement = options.view === undefined ? UNCONFINED : await confinementFor(options.view, program, options);
  const words = [
    ...(await limitingWords(tool.limits)),
    ...confinement.words,
    ...guardingWords(tool, options),
    program,
    ...toolArguments,
  ];
  throwIfAborted(options.signal);
  try {
    const descriptors = new Map([...(options.descriptors ?? []), ...confinement.descriptors]);
    return await ChildTool.start(words[0]!, words.slice(1), { ...options, descriptors, output });
  } catch (cause) {
    throw unavailable(options, `${tool.command} could not be started: ${messageOf(cause)}`, cause);
  }
}

/**
 * Returns the absolute path of a program.
 *
 * @throws `unavailable` if it is not installed.
 */
export async function requireProgram(tool: Tool, options: ToolOptions): Promise<string> {
  const program = await findProgram(tool.command);
  if (program === undefined) {
    throw unavailable(options, await missing(tool, options));
  }
  return program;
}

const UNCONFINED: Confinement = { words: [], descriptors: new Map() };

function guardingWords({ endsWithInput }: Tool, { view, input }: ToolOptions): readonly string[] {
  if (view !== undefined) {
    return checkedLifelineWords(view, input);
  }
  return endsWithInput ? [] : lifelineWords(input);
}

/** Creates an `unavailable` error, for example for a program that is missing, cannot be started, or exceeds a limit. */
export function unavailable(options: ToolOptions, reason: Wording, cause?: unknown): VirtSimilarityError {
  const what = options.image === undefined ? '' : `cannot open ${options.image}: `;
  return new VirtSimilarityError('unavailable', wording`[${options.component}] ${what}${reason}`, {
    ...(options.image === undefined ? {} : { image: options.image }),
    cause,
  });
}

/**
 * Returns the message for a missing program. It names all missing programs of `needs`, and the alternative if the
 * programs that the alternative needs are installed.
 */
async function missing(tool: Tool, { needs = [], alternative }: ToolOptions): Promise<Wording> {
  const others = await missingAmong(needs.filter(({ command }) => command !== tool.command));
  const all = [tool, ...others];
  const names = all
    .map(({ command }) => command)
    .join(', ')
    .replace(/, ([^,]*)$/, ' and $1');
  const packages = [...new Set(all.map((each) => each.package))].join(' ');
  const works = alternative !== undefined && (await missingAmong(alternative.needs)).length === 0;
  const or = works ? wording`, or ${alternative.text}` : '';
  return wording`${names} ${all.length === 1 ? 'is' : 'are'} not installed; install ${packages}${or}`;
}

async function missingAmong(tools: readonly Tool[]): Promise<readonly Tool[]> {
  const found = await Promise.all(tools.map(({ command }) => findProgram(command)));
  return tools.filter((_, index) => found[index] === undefined);
}

async function confinementFor(view: SandboxView, program: string, options: ToolOptions): Promise<Confinement> {
  const sandbox = await workingSandbox();
  if (!sandbox.works) {
    throw unavailable(options, `its tools must run in a sandbox, but ${sandbox.reason}; ${sandbox.remedy}`);
  }
  return confine(sandbox.kind, view, program);
}
