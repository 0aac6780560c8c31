import type { CommandEnd } from '../../harness/command-run.js';
import type { ReaderName } from '../../harness/readers.js';
import type { Digests } from '../../harness/vector-digests.js';
import type { Exchange } from '../exchanger.js';
import type { Stage } from '../stage.js';

/** A place at which names are exchanged. */
export interface Point {
  /** What is exchanged with what. */
  readonly title: string;
  readonly readers: readonly ReaderName[];
  build(stage: Stage, setting: SceneSetting): Promise<Scene>;
}

/** With what a scene is built. */
export interface SceneSetting {
  readonly reader: ReaderName;
  /** Runs the command while nothing is exchanged. */
  run(words: readonly string[]): Promise<CommandEnd>;
}

/** An image of a scene. */
export interface SceneImage {
  /** Absolute path. */
  readonly path: string;
  /** What it may read as: first what it holds when nothing is exchanged, then what another user may put there. */
  readonly versions: readonly Digests[];
}

/** What is run at a point, and exchanged meanwhile. */
export interface Scene {
  readonly images: readonly SceneImage[];
  readonly exchanges: readonly Exchange[];
  /** Words that name the images; their paths if left out. */
  readonly names?: readonly string[];
  /** Options for every run. */
  readonly options?: readonly string[];
  /** What is done before each run, after what an earlier one wrote was removed. */
  prepare?(): Promise<void>;
  /** What is exchanged is where results are written, so that they need not be found there. */
  readonly exchangesResults?: boolean;
  /** Paths below which the command may write and replace the files that it was told to write. */
  readonly mayWrite?: readonly string[];
}
