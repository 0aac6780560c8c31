import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { COMMAND } from '../fixtures/command.js';
import { type ContentRun, convert, overlay, type WritableFormat, writeRawContent } from '../fixtures/index.js';
import { CommandRun } from '../harness/command-run.js';
import { stagedEnvironment } from '../harness/staged-environment.js';

const MiB = 2 ** 20;
const DISK_BYTES = 12 * MiB;
/** Milliseconds after which a run that is not killed counts as hung. */
const HANG_MS = 300_000;

/** How an image of the stage is converted from raw content. */
interface StagedImage {
  readonly file: string;
  readonly format: WritableFormat;
  readonly compressed?: boolean;
  readonly creation?: Readonly<Record<string, string>>;
}

/** The images: read directly, through their tables, by decompressing, with qemu-img map, and through qemu-nbd. */
const IMAGES: readonly StagedImage[] = [
  { file: 'raw-a.raw', format: 'raw' },
  { file: 'raw-b.raw', format: 'raw' },
  { file: 'plain.qcow2', format: 'qcow2' },
  { file: 'deflate.qcow2', format: 'qcow2', compressed: true },
  { file: 'zstd.qcow2', format: 'qcow2', compressed: true, creation: { compression_type: 'zstd' } },
  { file: 'dynamic.vdi', format: 'vdi' },
  { file: 'stream.vmdk', format: 'vmdk', creation: { subformat: 'streamOptimized' } },
];

/** A directory with disk images, and the directories that a run writes to. */
export class Stage {
  readonly directory: string;
  /** File names of the images, without directory. */
  readonly images: readonly string[];

  protected constructor(directory: string, images: readonly string[]) {
    this.directory = directory;
    this.images = images;
  }

  static async make(): Promise<Stage> {
    const directory = await Stage.makeDirectory();
    for (const [number, image] of IMAGES.entries()) {
      await writeImage(directory, image, number);
    }
    await overlay(join(directory, 'plain.qcow2'), join(directory, 'overlay.qcow2'));
    return new Stage(directory, [...IMAGES.map(({ file }) => file), 'overlay.qcow2']);
  }

  static makeDirectory(): Promise<string> {
    // A short path, so that the paths of sockets in it fit into the kernel's limit. Otherwise, sockets are created
    // elsewhere.
    return mkdtemp('/tmp/vsc-');
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(join(this.directory, name), text);
  }

  /** The directory for temporary files. Every file in it is a leftover after the command has ended. */
  get temporary(): string {
    return join(this.directory, 'temporary');
  }

  get cache(): string {
    return join(this.directory, 'similarity-cache');
  }

  /** The output directory of `hash`. */
  get vectors(): string {
    return join(this.directory, 'vectors');
  }

  start(words: readonly string[]): CommandRun {
    const { directory, temporary } = this;
    return new CommandRun({
      command: [...COMMAND, ...words],
      directory,
      environment: stagedEnvironment({ home: directory, temporary, runtime: temporary }),
      marker: directory,
      hangMs: HANG_MS,
    });
  }

  /** Deletes everything that a run wrote. */
  async clear(): Promise<void> {
    await Promise.all([this.temporary, this.cache, this.vectors].map(emptied));
  }

  /** Deletes the output of `hash` and keeps the cache. */
  async clearVectors(): Promise<void> {
    await emptied(this.vectors);
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function emptied(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { mode: 0o700 });
}

async function writeImage(directory: string, image: StagedImage, number: number): Promise<void> {
  const target = join(directory, image.file);
  const raw = image.format === 'raw' ? target : join(directory, `${basename(image.file)}.source`);
  await writeRawContent(raw, DISK_BYTES, contentOf(number));
  if (raw !== target) {
    await convert(raw, target, image.format, {
      ...(image.compressed === undefined ? {} : { compressed: image.compressed }),
      ...(image.creation === undefined ? {} : { creation: image.creation }),
    });
    await rm(raw);
  }
}

/**
 * Returns content that is mostly common to all images, with a hole in it. Each image also has some content that no
 * other image has.
 */
function contentOf(number: number): ContentRun[] {
  return [
    { offset: 0, length: 5 * MiB, seed: 'common' },
    { offset: 7 * MiB, length: 3 * MiB, seed: 'common end' },
    { offset: number * 300_000, length: 200_000, seed: `of image ${number}` },
  ];
}
