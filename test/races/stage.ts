import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Canary, createCanary } from '../harness/canary.js';
import { CommandRun } from '../harness/command-run.js';
import { stagedEnvironment } from '../harness/staged-environment.js';
import { BLOCK, type Content, contentOf } from './contents.js';
import { KnownFiles } from './known-files.js';

/** The directories of the reference images, of exchanged files, and of secrets. */
const DIRECTORIES = ['work/good', 'shared', 'secrets'];
/** The directories that a run writes to. */
const WRITTEN = ['work/similarity-cache', 'work/out', 'tmp', 'run', 'home'];

/** The contents of two images that are compared with every other image and never exchanged. */
export const REFERENCES = { own: contentOf('own', 16), other: contentOf('other', 16) } as const;
export const REFERENCE_IMAGES = ['good/own.raw', 'good/other.raw'] as const;

/** The directories of one point with one reader: images, their counterparts, and the command's outputs. */
export class Stage {
  readonly root: string;
  readonly known = new KnownFiles();
  readonly #canaries: Canary[] = [];

  private constructor(root: string) {
    this.root = root;
  }

  static async make(): Promise<Stage> {
    // A short path, so that the paths of sockets in it fit into the kernel's limit.
    const stage = new Stage(await mkdtemp('/tmp/vsr-'));
    for (const directory of DIRECTORIES) {
      await mkdir(join(stage.root, directory), { recursive: true });
    }
    await stage.clear();
    for (const [index, content] of [REFERENCES.own, REFERENCES.other].entries()) {
      await stage.known.writeDisk(join(stage.directory, REFERENCE_IMAGES[index]!), content);
    }
    return stage;
  }

  /** The working directory of the command. */
  get directory(): string {
    return join(this.root, 'work');
  }

  get temporary(): string {
    return join(this.root, 'tmp');
  }

  get runtime(): string {
    return join(this.root, 'run');
  }

  get home(): string {
    return join(this.root, 'home');
  }

  get cache(): string {
    return join(this.directory, 'similarity-cache');
  }

  get vectors(): string {
    return join(this.directory, 'out');
  }

  /** Returns a path in the directory whose entries are exchanged. */
  shared(...names: readonly string[]): string {
    return join(this.root, 'shared', ...names);
  }

  /** Returns a path in the directory of secrets. */
  secret(...names: readonly string[]): string {
    return join(this.root, 'secrets', ...names);
  }

  /** Writes a file of `blocks` blocks with a secret that must not get into any output. */
  async writeCanary(path: string, blocks: number): Promise<Canary> {
    const canary = createCanary();
    this.#canaries.push(canary);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, Buffer.alloc(blocks * BLOCK, canary.content));
    return canary;
  }

  /** The byte sequences that must not occur in any output of the command. */
  get traces(): readonly Buffer[] {
    return this.#canaries.flatMap(({ traces }) => traces);
  }

  /** Starts the command. It counts as hung after `hangMs` milliseconds. */
  start(command: readonly string[], words: readonly string[], hangMs: number): CommandRun {
    const { directory, root: marker } = this;
    return new CommandRun({
      command: [...command, ...words],
      directory,
      environment: stagedEnvironment(this),
      marker,
      hangMs,
    });
  }

  /** Removes everything that a run wrote. */
  async clear(): Promise<void> {
    for (const directory of WRITTEN) {
      await rm(join(this.root, directory), { recursive: true, force: true });
      await mkdir(join(this.root, directory), { mode: 0o700 });
    }
  }

  async remove(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}

/** Returns the original content of an image, and the content that another user substitutes. */
export function versionsOf(blocks: number, data?: readonly number[], otherData = data): readonly [Content, Content] {
  return [contentOf('own', blocks, data), contentOf('other', blocks, otherData)];
}
