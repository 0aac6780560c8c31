import type { CommandContext, CommandMessages } from '@virt-similarity/core';
import { messageOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import { shortHelp } from './arguments/help-texts.js';
import { knownCommands } from './arguments/known-commands.js';
import { type Invocation, readCommandLine, scanWords } from './arguments/read-command-line.js';
import type { ScannedArgument } from './arguments/scan-arguments.js';
import { wordsAsGiven } from './arguments/words-as-given.js';
import { CommanderError } from './commander.js';
import type { OwnContext } from './commands/own-command.js';
import { describeExhaustion } from './exhaustion.js';
import { EXIT_DEFECT, EXIT_DONE, EXIT_USAGE, exitCodeOf } from './exit-codes.js';
import { type Interruption, listenForInterruption } from './interruption.js';
import { COMMON_OPTIONS } from './options/option-table.js';
import { divertStdout } from './output/result-stream.js';
import { writeStdout } from './output/write-stdout.js';
import { runPluginCommand } from './run-plugin-command.js';
import { type MessageStyle, Messages } from './terminal/messages.js';

/** Milliseconds: the longest that a timer can be set to. */
const LONGEST_INTERVAL = 2 ** 31 - 1;

/** Runs the command with the words after its name, and returns the exit code. Never throws. */
export async function runCommand(words: readonly string[]): Promise<number> {
  divertStdout();
  // When nobody reads standard error any more there is nobody to tell.
  process.stderr.on('error', () => {});
  if (words.length === 0) {
    process.stderr.write(shortHelp(knownCommands({})));
    return EXIT_USAGE;
  }
  const messages = new Messages(process.stderr, messageStyle(scanWords(words)), process.env);
  demoteNodeWarnings(messages);
  process.on('uncaughtException', (error) => process.exit(reportUnexpected(error, messages)));
  const interruption = listenForInterruption(() => {
    messages.status('');
    messages.error('interrupted');
  });
  // What a plugin promises and never does leaves Node.js nothing to wait for: it would exit without a word, with 13.
  const keepAlive = setInterval(() => {}, LONGEST_INTERVAL);
  const onExit = (code: number): void => {
    if (code === 0) {
      messages.error('a plugin ended the process before the command was done; leave it out');
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
    return await run(invocation, messages, interruption.signal);
  } catch (error) {
    return reportEnd(error, messages, interruption);
  } finally {
    process.off('exit', onExit);
    clearInterval(keepAlive);
    interruption.stopListening();
  }
}

/** How messages look, known before the command line is checked so that its errors look like that too. */
export function messageStyle(scanned: readonly ScannedArgument[]): MessageStyle {
  const last = (name: keyof typeof COMMON_OPTIONS) =>
    scanned.findLast((argument) => argument.kind === 'option' && argument.flag.name === name);
  const color = last('color')?.value;
  return {
    verbosity: last('quiet') ? 'quiet' : last('verbose') ? 'verbose' : 'normal',
    color: COMMON_OPTIONS.color.values.find((when) => when === color) ?? COMMON_OPTIONS.color.default,
  };
}

/**
 * Shows warnings of Node.js, such as of deprecated calls, as debug notes: they concern the program and not the images.
 * Lifts the limits on listeners of the standard streams, to which many threads write on purpose.
 */
function demoteNodeWarnings(messages: Messages): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => messages.debug(`${warning.name}: ${messageOf(warning)}`));
  process.stdout.setMaxListeners(0);
  process.stderr.setMaxListeners(0);
}

/** Runs the command. A plugin's command gets only what `CommandContext` declares. */
function run(
  { command, context }: Extract<Invocation, { kind: 'command' }>,
  messages: Messages,
  signal: AbortSignal,
): Promise<number> {
  const { options, operands, analyzer } = context;
  const write: CommandContext['write'] = (result) => writeStdout(typeof result === 'string' ? [result] : result);
  if (command.own !== undefined) {
    return command.own.run({ ...context, options, messages, signal, write } as OwnContext);
  }
  const declared = Object.keys(command.command.options ?? {});
  const own = Object.fromEntries(Object.entries(options).filter(([name]) => declared.includes(name)));
  const plain: CommandMessages = {
    note: (text) => messages.note(text),
    warning: (text) => messages.warning(text),
    debug: (text) => messages.debug(text),
  };
  return runPluginCommand(command, { options: own, operands, analyzer, messages: plain, signal, write });
}

function reportEnd(error: unknown, messages: Messages, interruption: Interruption): number {
  const interrupted = interruption.exitCode();
  if (interrupted !== undefined) {
    // What fails after the user's wish to stop fails because of it.
    messages.error('interrupted');
    return interrupted;
  }
  if (error instanceof CommanderError) {
    messages.error(`${messageOf(error).replace(/^error: |\.$/g, '')}; see virt-similarity --help`);
    return EXIT_USAGE;
  }
  if (error instanceof VirtSimilarityError) {
    messages.failure(error);
    return exitCodeOf(error.code);
  }
  return reportUnexpected(error, messages);
}

/** An error that nobody threw on purpose is a defect, unless the system has run out of something. */
function reportUnexpected(error: unknown, messages: Messages): number {
  const exhaustion = describeExhaustion(error);
  if (exhaustion !== undefined) {
    messages.error(exhaustion);
    return exitCodeOf('unavailable');
  }
  const message = `${messageOf(error)}; this is a defect, please report it with what --verbose adds`;
  messages.failure(new Error(message, { cause: error }));
  return EXIT_DEFECT;
}
