import type { CommandEnd, CommandRun } from '../harness/command-run.js';
import type { ReaderName } from '../harness/readers.js';
import type { Stage } from './stage.js';

/** A case of hostile or broken inputs. */
export interface FaultCase {
  readonly number: number;
  readonly title: string;
  /** The readers for which the case is relevant. */
  readonly readers: readonly ReaderName[];
  /** The exit code of a run on the hostile inputs without the good images, unless its command line states another. */
  readonly exit: number;
  /** Creates all inputs, and returns the commands to run. */
  build(stage: Stage): Promise<Trial>;
}

/** The commands and checks of a case with one reader. */
export interface Trial {
  /** Run one after another. */
  readonly commands: readonly CommandLine[];
  /** Absolute paths of inputs that the case itself, not the command, changes during a run. */
  readonly changes?: readonly string[];
  /** Absolute paths of other files and directories that the case or its plugin writes during a run. */
  readonly writes?: readonly string[];
  /** With `refused`, the command must refuse the cache, and its entries are not verified. Default: `verified`. */
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
  /**
   * The expected exit code, or several of which one must occur. Default: the case's exit code; with `besideGood`, 3
   * instead of any code other than 0.
   */
  readonly exit?: number | readonly number[];
  /** The exit code that each failing image would have alone; 0 if the images differ. Default: the case's exit code. */
  readonly alone?: number;
  /** Whether the good images are named too. If so, they must be reported even if other images fail. */
  readonly besideGood?: boolean;
  /** Programs and arguments that precede the command, such as `prlimit`. */
  readonly wrapper?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The time limit of the run in seconds. Default: 120, or 600 with the reader `libguestfs`. */
  readonly seconds?: number;
  /** The most seconds that the run is allowed to take beyond the time of a run that reads one good image. */
  readonly within?: number;
  /** The number of lines with `error:`. Default: 0 if the expected exit code is 0, otherwise 1. */
  readonly errors?: number;
  /**
   * Called once the command has started. The next command line starts after both the command and this call have ended.
   */
  during?(running: CommandRun): Promise<void>;
}
