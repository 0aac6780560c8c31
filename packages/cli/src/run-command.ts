import type { CommandContext, CommandMessages } from '@virt-similarity/core';
import { messageOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import { builtInPluginCommands } from './arguments/built-in-plugin-commands.js';
import { shortHelp } from './arguments/help-texts.js';
import { knownCommands } from './arguments/known-commands.js';
import { type Invocation, readCommandLine, scanWords } from './arguments/read-command-line.js';
import type { ScannedArgument } from './arguments/scan-arguments.js';
import { wordsAsGiven } from './arguments/words-as-given.js';
import type { BuiltInContext } from './commands/built-in-command.js';
import { describeExhaustion } from './exhaustion.js';
import { EXIT_DEFECT, EXIT_DONE, EXIT_USAGE, exitCodeOf } from './exit-codes.js';
import { type Interruption, listenForInterruption } from './interruption.js';
import { COMMON_OPTIONS } from './options/option-table.js';
import { divertStdout } from './output/result-stream.js';
import type { RunLog } from './output/run-log.js';
import { table } from './output/table.js';
import { writeStdout } from './output/write-stdout.js';
import { runPluginCommand } from './run-plugin-command.js';
import { type MessageStyle, Messages } from './terminal/messages.js';

/** The longest interval of a timer, in milliseconds. */
const LONGEST_INTERVAL_MS = 2 ** 31 - 1;

/** Runs the command with the given arguments and returns the exit code. Errors of the run are reported, not thrown. */
export async function runCommand(words: readonly string[]): Promise<number> {
  divertStdout();
  // Failures to write to standard error, such as a closed pipe, cannot be reported anywhere.
  process.stderr.on('error', () => {});
  if (words.length === 0) {
    process.stderr.write(shortHelp(knownCommands({}, await builtInPluginCommands())));
    return EXIT_USAGE;
  }
  const messages = new Messages(process.stderr, messageStyle(scanWords(words)), process.env);
  demoteNodeWarnings(messages);
  process.on('uncaughtException', (error) => process.exit(reportUnexpected(error, messages)));
  const interruption = listenForInterruption(() => {
    messages.status();
    messages.error('interrupted');
  });
  // Keeps Node.js waiting if a plugin's promise never settles. Otherwise it would exit silently with code 13.
  const keepAlive = setInterval(() => {}, LONGEST_INTERVAL_MS);
  const onExit = (code: number): void => {
    if (code === 0) {
      messages.error('a plugin ended the process before the command was finished; run it without that plugin');
      process.exitCode = exitCodeOf('plugin');
    }
  };
  process.once('exit', onExit);
  try {
    const invocation = await readCommandLine(
      await wordsAsGiven(words),
      process.cwd(),
      process.env,
      interruption.signal,
      { note: (level, message) => messages[level](message) },
    );
    if (invocation.kind === 'text') {
      await writeStdout([invocation.text]);
      return EXIT_DONE;
    }
    return await runLogged(invocation, messages, interruption);
  } catch (error) {
    return reportEnd(error, messages, interruption);
  } finally {
    process.off('exit', onExit);
    clearInterval(keepAlive);
    interruption.stopListening();
  }
}

/**
 * Returns the style of messages. It is determined before the command line is parsed, because it applies to usage
 * errors too.
 */
export function messageStyle(scanned: readonly ScannedArgument[]): MessageStyle {
  const last = (name: keyof typeof COMMON_OPTIONS) =>
    scanned.findLast((argument) => argument.kind === 'option' && argument.flag.name === name);
  const color = last('color')?.value;
  const progress = last('progress')?.value;
  return {
    verbosity: last('quiet') ? 'quiet' : last('verbose') ? 'verbose' : 'normal',
    color: COMMON_OPTIONS.color.values.find((when) => when === color) ?? COMMON_OPTIONS.color.default,
    progress: COMMON_OPTIONS.progress.values.find((how) => how === progress) ?? COMMON_OPTIONS.progress.default,
  };
}

/**
 * Shows warnings of Node.js, for example about deprecated calls, as debug notes: they concern the program, not the
 * images. Also removes the limits on listeners of the standard streams, to which many threads write.
 */
function demoteNodeWarnings(messages: Messages): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => messages.debug(`${warning.name}: ${messageOf(warning)}`));
  process.stdout.setMaxListeners(0);
  process.stderr.setMaxListeners(0);
}

/** Runs the command, and writes the log if the user named a file for it. */
async function runLogged(
  invocation: CommandInvocation,
  messages: Messages,
  interruption: Interruption,
): Promise<number> {
  const { command, context } = invocation;
  const path = context.options['log-file'];
  if (typeof path !== 'string') {
    return run(invocation, undefined, messages, interruption.signal);
  }
  const { RunLog } = await import('./output/run-log.js');
  const log = await RunLog.open(path);
  messages.observe(log);
  log.start(command.name, context.options);
  const ended = run(invocation, log, messages, interruption.signal);
  const exitCode = await ended.catch((error: unknown) => reportEnd(error, messages, interruption));
  await log.end(exitCode, { hasImages: context.sources.length > 0 });
  return exitCode;
}

type CommandInvocation = Extract<Invocation, { readonly kind: 'command' }>;

/** Runs the command. A plugin's command receives only the members that `CommandContext` declares. */
async function run(
  { command, context }: CommandInvocation,
  log: RunLog | undefined,
  messages: Messages,
  signal: AbortSignal,
): Promise<number> {
  const { options, operands, analyzer } = context;
  const write: CommandContext['write'] = (result) => writeStdout(typeof result === 'string' ? [result] : result);
  const writeTable: CommandContext['writeTable'] = (rows) => writeStdout(table(rows));
  const output = { signal, write, writeTable };
  if (command.builtIn !== undefined) {
    return command.builtIn.run({ ...context, options, log, messages, ...output } as BuiltInContext);
  }
  const declared = Object.keys(command.command.options ?? {});
  const own = Object.fromEntries(Object.entries(options).filter(([name]) => declared.includes(name)));
  const plain: CommandMessages = {
    note: (text) => messages.note(text),
    warning: (text) => messages.warning(text),
    debug: (text) => messages.debug(text),
  };
  const ownContext = { options: own, operands, analyzer, messages: plain, ...output };
  if (!command.command.readsImages) {
    return runPluginCommand(command, ownContext);
  }
  const { commandImages } = await import('./commands/command-images.js');
  const images = commandImages({ ...context, options, messages, ...output } as Parameters<typeof commandImages>[0]);
  return runPluginCommand(command, { ...ownContext, images });
}

function reportEnd(error: unknown, messages: Messages, interruption: Interruption): number {
  const interrupted = interruption.exitCode();
  if (interrupted !== undefined) {
    // Errors after an interruption are assumed to be caused by it.
    messages.error('interrupted');
    return interrupted;
  }
  if (error instanceof VirtSimilarityError) {
    messages.failure(error);
    return exitCodeOf(error.code);
  }
  return reportUnexpected(error, messages);
}

/** Reports an unexpected error: an exhausted system resource, or else a bug. */
function reportUnexpected(error: unknown, messages: Messages): number {
  const exhaustion = describeExhaustion(error);
  if (exhaustion !== undefined) {
    messages.error(exhaustion);
    return exitCodeOf('unavailable');
  }
  const message = `${messageOf(error)}; this is a bug, please report it with the output of --verbose`;
  messages.failure(new Error(message, { cause: error }));
  return EXIT_DEFECT;
}
