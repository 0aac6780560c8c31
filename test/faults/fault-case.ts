import type { CommandEnd, CommandRun } from '../harness/command-run.js';
import type { ReaderName } from '../harness/readers.js';
import type { Stage } from './stage.js';

/** A case of hostile or broken inputs. */
export interface FaultCase {
  readonly number: number;
  readonly title: string;
  /** The readers for which the case is relevant. */
  readonly readers: readonly ReaderName[];
  /** The exit code of a run on the hostile input alone. */
  readonly exit: number;
  /** Creates all inputs, and returns the commands to run. */
  build(stage: Stage): Promise<Trial>;
}

/** The commands and checks of a case with one reader. */
export interface Trial {
  /** Run one after another. */
  readonly commands: readonly CommandLine[];
  /** Absolute paths of inputs that the case itself changes during a run. */
  readonly changes?: readonly string[];
  /** Absolute paths of other files and directories that the case or its plugin writes during a run. */
  readonly writes?: readonly string[];
  /** Whether the command must refuse the cache, so that its entries are not verified. */
  readonly cache?: 'verified' | 'refused';
  /** Checks further conditions after the last command. @throws Error if one is not met */
  check?(ends: readonly CommandEnd[]): Promise<void>;
  /** Stops servers and virtual machines that `build` started, and unmounts file systems. */
  cleanUp?(): Promise<void>;
}

/** One run of the command, and its expected results. */
export interface CommandLine {
  readonly words: readonly string[];
  /** Called before the run. */
  before?(): Promise<void>;
  /** The expected exit code or codes. Default: the case's exit code. */
  readonly exit?: number | readonly number[];
  /** The exit code of a run on each failing image alone. Default: the case's exit code. */
  readonly alone?: number;
  /** Whether the harness's good images are named too. They must be reported even if other images fail. */
  readonly besideGood?: boolean;
  /** Programs and arguments that precede the command, such as `prlimit`. */
  readonly wrapper?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The time limit of the run in seconds. Default: a generous limit. */
  readonly seconds?: number;
  /** The time limit in seconds beyond the time of a run that reads one good image. */
  readonly within?: number;
  /** The number of lines with `error:`. Default: 0 if the expected exit code is 0, otherwise 1. */
  readonly errors?: number;
  /** Called while the command runs. */
  during?(running: CommandRun): Promise<void>;
}
