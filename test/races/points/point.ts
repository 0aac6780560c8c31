import type { CommandEnd } from '../../harness/command-run.js';
import type { ReaderName } from '../../harness/readers.js';
import type { Digests } from '../../harness/vector-digests.js';
import type { Exchange } from '../exchanger.js';
import type { Stage } from '../stage.js';

/** A point at which names are exchanged. */
export interface Point {
  /** The two kinds of files that are exchanged. */
  readonly title: string;
  readonly readers: readonly ReaderName[];
  build(stage: Stage, setting: SceneSetting): Promise<Scene>;
}

/** The settings of a scene. */
export interface SceneSetting {
  readonly reader: ReaderName;
  /** Runs the command while nothing is exchanged. */
  run(words: readonly string[]): Promise<CommandEnd>;
}

/** An image of a scene. */
export interface SceneImage {
  /** Absolute path. */
  readonly path: string;
  /** The possible contents: first the content without exchanges, then those that another user may substitute. */
  readonly versions: readonly Digests[];
}

/** The images and exchanges of a point. */
export interface Scene {
  readonly images: readonly SceneImage[];
  readonly exchanges: readonly Exchange[];
  /** The words that name the images. Default: their paths. */
  readonly names?: readonly string[];
  /** Options for every run. */
  readonly options?: readonly string[];
  /** Called before each run, after the files of the previous run were removed. */
  prepare?(): Promise<void>;
  /** Whether results are exchanged, so that they may be missing. */
  readonly exchangesResults?: boolean;
  /** Paths below which the command may also write and replace its outputs. */
  readonly mayWrite?: readonly string[];
}
