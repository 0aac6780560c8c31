import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemPath } from '@virt-similarity/core';
import { deterministicBytes } from '../fixtures/deterministic-bytes.js';
import { type Canary, type CanaryServer, createCanary, startCanaryServer } from '../harness/canary.js';
import type { ReaderName } from '../harness/readers.js';
import { filesIn, regularFiles } from '../harness/regular-files.js';
import { stagedEnvironment } from '../harness/staged-environment.js';
import type { CommandLine, Trial } from './fault-case.js';

const BLOCK = 65_536;

/** Paths of two valid raw images, at a distance of one block. */
export const GOOD_IMAGES = ['good/good-1.raw', 'good/good-2.raw'] as const;

/** The directories of a stage, for inputs, for secrets, and for the outputs and temporary files of the command. */
const DIRECTORIES = ['home', 'images', 'out', 'run', 'secrets', 'tmp', 'work', 'work/good', 'work/out'];

/** Further settings for the methods that create the command lines of a case. */
export type CommandExtras = Omit<CommandLine, 'words' | 'besideGood'> & { readonly options?: readonly string[] };

/** The directories of one case with one reader, where inputs are built and the command runs. */
export class Stage {
  /** A short path, so that the paths of sockets in it fit into the kernel's limit. */
  readonly root: string;
  readonly reader: ReaderName;
  readonly #canaries: Canary[] = [];
  readonly #servers: CanaryServer[] = [];

  private constructor(root: string, reader: ReaderName) {
    this.root = root;
    this.reader = reader;
  }

  static async make(reader: ReaderName): Promise<Stage> {
    const stage = new Stage(await mkdtemp('/tmp/vsf-'), reader);
    for (const directory of DIRECTORIES) {
      await mkdir(join(stage.root, directory));
    }
    const [first, second] = GOOD_IMAGES;
    const content = deterministicBytes('good', 4 * BLOCK);
    await writeFile(join(stage.work, first), content);
    content.fill(7, BLOCK, 2 * BLOCK);
    await writeFile(join(stage.work, second), content);
    return stage;
  }

  /** The working directory of the command. */
  get work(): string {
    return join(this.root, 'work');
  }

  get cache(): string {
    return join(this.work, 'similarity-cache');
  }

  get environment(): NodeJS.ProcessEnv {
    const [home, temporary, runtime] = ['home', 'tmp', 'run'].map((name) => join(this.root, name)) as [
      string,
      string,
      string,
    ];
    return { ...stagedEnvironment({ home, temporary, runtime }), VIRT_SIMILARITY_FAULTS: this.root };
  }

  /** Returns the absolute path of a hostile input. */
  image(name: string): string {
    return join(this.root, 'images', name);
  }

  /** Returns the absolute path of a file that the command writes. */
  output(name: string): string {
    return join(this.work, 'out', name);
  }

  /** Writes a file with a secret that must not get into any output. Returns its absolute path. */
  async secret(name: string): Promise<string> {
    const canary = createCanary();
    this.#canaries.push(canary);
    const path = join(this.root, 'secrets', name);
    await writeFile(path, canary.content);
    return path;
  }

  /** Declares a text that must not occur in any output of the command. */
  forbid(trace: string): void {
    this.#canaries.push({ content: Buffer.alloc(0), traces: [Buffer.from(trace)] });
  }

  get traces(): readonly Buffer[] {
    return this.#canaries.flatMap(({ traces }) => traces);
  }

  /** Starts a server. Every connection to it is a violation. */
  async server(): Promise<CanaryServer> {
    const server = await startCanaryServer();
    this.#servers.push(server);
    return server;
  }

  get connections(): number {
    return this.#servers.reduce((sum, server) => sum + server.connections(), 0);
  }

  /** Returns the SHA-256 of every regular input file, by path. */
  async inputs(): Promise<ReadonlyMap<string, string>> {
    const digests = new Map<string, string>();
    const directories = ['images', 'secrets', 'work/good'].map((name) => regularFiles(join(this.root, name)));
    const paths = [...(await Promise.all(directories)), await filesIn(this.work)].flat();
    for (const path of paths) {
      digests.set(path, await digestOf(path));
    }
    return digests;
  }

  /**
   * Returns a trial that hashes the images without the good images, then analyzes them together with the good images.
   * The limit `within` applies only to hashing.
   */
  trial(images: readonly string[], extras: CommandExtras = {}): Trial {
    const { within: _, ...rest } = extras;
    return { commands: [this.hash(images, extras), this.analyze(images, rest)] };
  }

  /** Returns the command line of `hash` for these images, without the good images. */
  hash(images: readonly string[], { options = [], ...rest }: CommandExtras = {}): CommandLine {
    return { ...rest, words: ['hash', '-o', 'out/', ...this.#readerOptions(), ...options, ...images] };
  }

  /**
   * Returns the command line of `analyze` for the good images and these images, with JSON, DOT, Newick and text
   * reports.
   */
  analyze(images: readonly string[], { options = [], ...rest }: CommandExtras = {}): CommandLine {
    const outputs = ['-O', 'json', '-o', 'out/tree.dot', '-o', 'out/tree.nwk', '-o', 'out/tree.txt'];
    const words = ['analyze', ...outputs, ...this.#readerOptions(), ...GOOD_IMAGES, ...options, ...images];
    return { ...rest, words, besideGood: true };
  }

  #readerOptions(): string[] {
    return this.reader === 'auto' ? [] : ['--reader', this.reader];
  }

  async remove(): Promise<void> {
    for (const server of this.#servers) {
      await server.close();
    }
    await rm(this.root, { recursive: true, force: true });
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(systemPath(path))) {
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}
