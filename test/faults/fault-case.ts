import type { CommandEnd, CommandRun } from '../harness/command-run.js';
import type { ReaderName } from '../harness/readers.js';
import type { Stage } from './stage.js';

/** One case of the list of threats. */
export interface FaultCase {
  readonly number: number;
  readonly title: string;
  /** Those that can meet the input. */
  readonly readers: readonly ReaderName[];
  /** The exit code of a run that concerns the hostile input alone. */
  readonly exit: number;
  /** Builds every input from scratch, and says what is run. */
  build(stage: Stage): Promise<Trial>;
}

/** What is run in a case with one reader. */
export interface Trial {
  /** Run one after another. */
  readonly commands: readonly CommandLine[];
  /** Paths, absolute, of those inputs that the case itself changes during a run. */
  readonly changes?: readonly string[];
  /** Paths, absolute, of what else the case or a plugin of its writes during a run, with all below them. */
  readonly writes?: readonly string[];
  /** Whether the cache is one that the command must refuse, so that there is nothing in it to verify. */
  readonly cache?: 'verified' | 'refused';
  /** What else must hold after the last command; throws where it does not. */
  check?(ends: readonly CommandEnd[]): Promise<void>;
  /** Ends what `build` started: servers, virtual machines, mounts. */
  cleanUp?(): Promise<void>;
}

/** One run of the command, and what must come of it. */
export interface CommandLine {
  readonly words: readonly string[];
  /** What is done before it. */
  before?(): Promise<void>;
  /** The exit code, or those that are right; the case's own if left out. */
  readonly exit?: number | readonly number[];
  /** The exit code with which each failing image by itself would end the run; the case's own if left out. */
  readonly alone?: number;
  /** Whether the harness's good images are named too: they must be reported, whatever becomes of the others. */
  readonly besideGood?: boolean;
  /** Programs and arguments before the command's own, such as `prlimit`. */
  readonly wrapper?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Seconds that the run may take; generous if left out. */
  readonly seconds?: number;
  /** Seconds that it may take beyond what a run that reads one good image does. */
  readonly within?: number;
  /** Lines that say `error:`; one where the exit code is not 0 if left out. */
  readonly errors?: number;
  /** What happens meanwhile. */
  during?(running: CommandRun): Promise<void>;
}
