import type { CommandEnd } from '../../harness/command-run.js';
import type { ReaderName } from '../../harness/readers.js';
import type { Digests } from '../../harness/vector-digests.js';
import type { Exchange } from '../exchanger.js';
import type { Stage } from '../stage.js';

/** A point at which names are exchanged. */
export interface Point {
  /** Names the two kinds of files that are exchanged with each other. */
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
  /**
   * The digests of its possible contents: first the content without exchanges, then the contents that exchanges
   * substitute.
   */
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
  /** Whether outputs of the command are exchanged. Then outputs can be missing, and other files can be among them. */
  readonly exchangesResults?: boolean;
  /** Other paths that the command is allowed to write to, including everything below them. */
  readonly mayWrite?: readonly string[];
}
