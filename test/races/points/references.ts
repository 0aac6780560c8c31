import { lchown, mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FORMAT_READERS } from '../../harness/readers.js';
import { type Content, contentOf, digestsOf } from '../contents.js';
import type { Exchange } from '../exchanger.js';
import type { Storage } from '../known-files.js';
import { type Stage, versionsOf } from '../stage.js';
import type { Point, SceneImage } from './point.js';

const NOBODY = 65_534;
const BLOCKS = 16;
const [OWN, OTHER] = versionsOf(BLOCKS);
/** The blocks that the overlay itself contains. */
const TOP = contentOf('top', BLOCKS, [0, 7]);

const ZSTD: Storage = { format: 'qcow2', compressed: true, creation: { compression_type: 'zstd' } };
/** Names and storage of the files that a header refers to. */
const BACKING: readonly (readonly [name: string, storage: Storage])[] = [
  ['base.raw', { format: 'raw' }],
  ['plain.qcow2', { format: 'qcow2' }],
  ['zstd.qcow2', ZSTD],
];

/** A file that a header refers to, with functions that write counterparts. */
interface Referenced {
  readonly path: string;
  /** Writes a file of the same kind with other content. Another user can substitute it for the referenced file. */
  writeOther(path: string): Promise<void>;
  /** Writes a file with a secret, which must not be read. */
  writeCanary(path: string): Promise<unknown>;
}

/**
 * The number of images of a point. Many images make many exchanges per run, because a run with libguestfs starts
 * slowly.
 */
const IMAGES = 12;

/** Creates the counterpart of a referenced file, and returns the exchange of the two. */
type Rival = (stage: Stage, referenced: Referenced) => Promise<Exchange>;

const RIVALS: Readonly<Record<string, Rival>> = {
  'file and file': async (_stage, { path, writeOther }) => {
    await writeOther(`${path}.other`);
    return { first: path, second: `${path}.other`, watch: [dirname(path)] };
  },
  'file and link to a secret': async (stage, { path, writeCanary }) => {
    const target = stage.secret(path.replaceAll('/', '-'));
    await writeCanary(target);
    await symlink(target, `${path}.link`);
    return { first: path, second: `${path}.link`, watch: [dirname(path), target] };
  },
  'its directory and link to secrets': async (stage, { path, writeCanary }) => {
    const [first, target] = [dirname(path), stage.secret(dirname(path).replaceAll('/', '-'))];
    await writeCanary(join(target, path.slice(first.length + 1)));
    await symlink(target, `${first}.link`);
    // The command follows links of the user who runs it, so the link must belong to another user.
    if (process.getuid?.() === 0) {
      await lchown(`${first}.link`, NOBODY, NOBODY);
    }
    return { first, second: `${first}.link`, watch: [dirname(first), first, target] };
  },
};

/** Returns a point at which the backing files of overlays are exchanged, beside the overlays or in a subdirectory. */
function backing(where: string, directory: string, rival: string): Point {
  return {
    title: `backing file ${where}: ${rival}`,
    readers: FORMAT_READERS,
    build: async (stage) => {
      const images: SceneImage[] = [];
      const exchanges: Exchange[] = [];
      const options: string[] = [];
      for (let number = 0; number < IMAGES; number++) {
        const [name, storage] = BACKING[number % BACKING.length]!;
        const top = stage.shared(`${number}-${name.replace('.', '-')}`, `over-${number}-${name}.qcow2`);
        const path = join(dirname(top), directory, name);
        const write = async (to: string, content: Content) => {
          await mkdir(dirname(to), { recursive: true });
          await stage.known.writeDisk(to, content, storage);
        };
        await write(path, OWN);
        await stage.known.writeOverlay(top, TOP, { name: join(directory, name), format: storage.format });
        exchanges.push(
          await RIVALS[rival]!(
            stage,
            referenced(stage, path, (to) => write(to, OTHER)),
          ),
        );
        images.push({ path: top, versions: [over(OWN), over(OTHER)].map(digestsOf) });
        if (directory !== '') {
          options.push('--allow-backing', dirname(path));
        }
      }
      return { images, exchanges, options };
    },
  };
}

/** Returns a point at which extents of VMDK descriptors are exchanged. */
function extent(where: string, directory: string, rival: string): Point {
  return {
    title: `VMDK extent ${where}: ${rival}`,
    readers: FORMAT_READERS,
    build: async (stage) => {
      const images: SceneImage[] = [];
      const exchanges: Exchange[] = [];
      const options: string[] = [];
      for (let number = 0; number < IMAGES; number++) {
        const descriptor = stage.shared(`vmdk-${number}`, `disk-${number}.vmdk`);
        const names = ['first', 'second'].map((name) => join(directory, `${name}-${number}.vmdk`));
        const [first, second] = names.map((name) => join(dirname(descriptor), name)) as [string, string];
        await mkdir(dirname(first), { recursive: true });
        await stage.known.writeDisk(first, OWN.slice(0, BLOCKS / 2));
        await stage.known.writeDisk(second, OWN.slice(BLOCKS / 2));
        await stage.known.writeDescriptor(descriptor, names, BLOCKS / 2);
        const writeOther = (to: string) => stage.known.writeDisk(to, OTHER.slice(BLOCKS / 2));
        exchanges.push(await RIVALS[rival]!(stage, referenced(stage, second, writeOther)));
        const other = [...OWN.slice(0, BLOCKS / 2), ...OTHER.slice(BLOCKS / 2)];
        images.push({ path: descriptor, versions: [OWN, other].map(digestsOf) });
        if (directory !== '') {
          options.push('--allow-backing', dirname(first));
        }
      }
      return { images, exchanges, options };
    },
  };
}

function referenced(stage: Stage, path: string, writeOther: (path: string) => Promise<void>): Referenced {
  return { path, writeOther, writeCanary: (to) => stage.writeCanary(to, BLOCKS) };
}

/** Returns the content of an overlay on top of a backing file's content. */
function over(content: Content): Content {
  return content.map((block, index) => TOP[index] ?? block);
}

/** Files that images refer to, beside the image and in a subdirectory. */
export const REFERENCES: readonly Point[] = Object.keys(RIVALS).flatMap((rival) => [
  backing('beside the image', '', rival),
  backing('in a directory below', 'bases', rival),
  extent('beside the descriptor', '', rival),
  extent('in a directory below', 'extents', rival),
]);
