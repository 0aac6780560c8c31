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

/** What a command is run with. */
export interface CommandCase {
  /** None when absent. */
  readonly operands?: readonly string[] | undefined;
  /** Values for the command's options; those that are left out have their defaults. */
  readonly options?: OptionValues | undefined;
  /** One without readers, hashers and reporters when absent. */
  readonly analyzer?: Analyzer | undefined;
  /** Seconds within which the command must end once it is interrupted; 60 when absent. */
  readonly limit?: number | undefined;
}

/** What a run of a command did. */
export interface CommandRun {
  /** Nothing where it threw. */
  readonly exitCode?: unknown | undefined;
  readonly thrown?: unknown | undefined;
  /** What it wrote as results. */
  readonly results: string;
  /** What it printed beside results and messages. */
  readonly printed: string;
  /** The messages that are not one line of text. */
  readonly unusable: readonly unknown[];
  /** Whether a result was still being written when it ended. */
  readonly isWriting: boolean;
}

/** What happens in a run, beside what the command does. */
export interface RunEvents {
  /** Called before the command gets what it asked the context for. */
  readonly onUse?: (() => void) | undefined;
  /** @throws where results cannot be written. */
  readonly onWrite?: (() => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The options that the command is given: complete and checked. */
export function optionsOf({ options }: Command, given: CommandCase): OptionValues {
  return completeOptionValues('the command', options, given.options);
}

/** Runs the command once, and watches what it does. Never throws what the command throws. */
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
  const say = (text: string): void => {
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
        assert.equal(typeof piece, 'string', 'expected results of text');
        onWrite();
        results += piece;
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
    messages: { note: say, warning: say, debug: say },
    write,
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
