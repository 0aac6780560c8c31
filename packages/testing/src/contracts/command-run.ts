import assert from 'node:assert/strict';
import {
  type Analyzer,
  type Command,
  type CommandContext,
  createAnalyzer,
  type OptionValues,
} from '@virt-similarity/core';
import { completeOptionValues } from '@virt-similarity/core/options';
import { ONE_LINE } from './option-declarations.js';
import { watchOutput } from './watch-output.js';

/** The input of a command's run. */
export interface CommandCase {
  /** Default: none. */
  readonly operands?: readonly string[] | undefined;
  /** Values for the command's options; omitted options have their defaults. */
  readonly options?: OptionValues | undefined;
  /** Default: an analyzer without readers, hashers and reporters. */
  readonly analyzer?: Analyzer | undefined;
  /** Seconds within which the command must end after it was interrupted. Default: 60. */
  readonly limit?: number | undefined;
}

/** The observed effects of a command's run. */
export interface CommandRun {
  /** Absent if the command threw. */
  readonly exitCode?: unknown | undefined;
  readonly thrown?: unknown | undefined;
  /** The results that it wrote. */
  readonly results: string;
  /** Output other than results and messages. */
  readonly printed: string;
  /** Messages that are not one line of text. */
  readonly unusable: readonly unknown[];
  /** Whether a result was still being written when the command ended. */
  readonly isWriting: boolean;
}

/** Hooks into a run, and the signal that interrupts it. */
export interface RunEvents {
  /**
   * Called whenever the command sends a message, starts to write a result, or requests the analyzer; before the context
   * responds.
   */
  readonly onUse?: (() => void) | undefined;
  /** Called before each piece of a result is written. Can throw to simulate that results cannot be written. */
  readonly onWrite?: (() => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Returns the complete and validated options for the command. */
export function optionsOf({ options }: Command, given: CommandCase): OptionValues {
  return completeOptionValues('the command', options, given.options);
}

/** Runs the command once and observes it. An error of the command is returned, not thrown. */
export async function runOnce(
  command: Command,
  given: CommandCase,
  { onUse = () => {}, onWrite = () => {}, signal = new AbortController().signal }: RunEvents,
  words: Pick<CommandContext, 'options' | 'operands'> = {
    options: optionsOf(command, given),
    operands: given.operands ?? [],
  },
): Promise<CommandRun> {
  let results = '';
  let writing = 0;
  const unusable: unknown[] = [];
  const onMessage = (text: string): void => {
    onUse();
    if (typeof text !== 'string' || !ONE_LINE.test(text)) {
      unusable.push(text);
    }
  };
  const write: CommandContext['write'] = async (result) => {
    writing++;
    try {
      onUse();
      await new Promise(setImmediate);
      for await (const piece of typeof result === 'string' ? [result] : result) {
        assert.ok(typeof piece === 'string' || piece instanceof Uint8Array, 'expected results to be text or bytes');
        onWrite();
        results += typeof piece === 'string' ? piece : Buffer.from(piece).toString();
      }
    } finally {
      writing--;
    }
  };
  const context: CommandContext = {
    ...words,
    analyzer: async () => {
      onUse();
      return given.analyzer ?? createAnalyzer({ plugins: [] });
    },
    messages: { note: onMessage, warning: onMessage, debug: onMessage },
    write,
    writeTable: (rows) => write(rows.map((row) => `${row.join('  ')}\n`)),
    signal,
  };
  const { outcome, printed } = await watchOutput(async () => {
    try {
      return { exitCode: await command.run(context) };
    } catch (thrown) {
      return { thrown };
    }
  });
  return { ...outcome, results, printed, unusable, isWriting: writing > 0 };
}
