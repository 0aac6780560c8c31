import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { READERS, type ReaderName } from '../../harness/readers.js';
import { type Content, digestsOf } from '../contents.js';
import type { Exchange } from '../exchanger.js';
import type { Storage } from '../known-files.js';
import { type Stage, versionsOf } from '../stage.js';
import type { Point, Scene, SceneImage } from './point.js';

/** A kind of image, and two contents of it. */
interface Kind {
  readonly name: string;
  readonly storage: Storage;
  readonly versions: readonly [Content, Content];
}

const RAW: Storage = { format: 'raw' };
/** Images that are read directly, with qemu-img map, through their tables, and through qemu-nbd. */
const KINDS: readonly Kind[] = [
  { name: 'dense.raw', storage: RAW, versions: versionsOf(16) },
  { name: 'sparse.raw', storage: RAW, versions: versionsOf(64, [3, 12, 40], [5, 10, 50]) },
  // The second version is a single hole.
  { name: 'hollow.raw', storage: RAW, versions: versionsOf(64, [3, 12, 40], []) },
  { name: 'plain.qcow2', storage: { format: 'qcow2' }, versions: versionsOf(16) },
  {
    name: 'zstd.qcow2',
    storage: { format: 'qcow2', compressed: true, creation: { compression_type: 'zstd' } },
    versions: versionsOf(16),
  },
  {
    name: 'stream.vmdk',
    storage: { format: 'vmdk', creation: { subformat: 'streamOptimized' } },
    versions: versionsOf(16),
  },
];

const COPIES = 2;

/** Creates the counterpart of an image, and returns the exchange of the two. */
type Rival = (stage: Stage, path: string, write: (path: string) => Promise<void>) => Promise<Exchange>;

/** Returns a point at which named images are exchanged with others of the same format. */
function exchanged(title: string, rivalOf: Rival): Point {
  return {
    title: `named image: ${title}`,
    readers: READERS,
    build: async (stage, { reader }) => {
      const images: SceneImage[] = [];
      const exchanges: Exchange[] = [];
      for (const [number, { name, storage, versions }] of copiesFor(reader).entries()) {
        const path = stage.shared(`image-${number}`, 'disks', `${number}-${name}`);
        const write = async (to: string, content: Content) => {
          await mkdir(dirname(to), { recursive: true });
          await stage.known.writeDisk(to, content, storage);
        };
        await write(path, versions[0]);
        exchanges.push(await rivalOf(stage, path, (to) => write(to, versions[1])));
        images.push({ path, versions: versions.map(digestsOf) });
      }
      return { images, exchanges } satisfies Scene;
    },
  };
}

/** Returns several images of each kind that the reader supports, so that a run has more exchanges. */
function copiesFor(reader: ReaderName): readonly Kind[] {
  const kinds = reader === 'raw' ? KINDS.filter(({ storage }) => storage === RAW) : KINDS;
  return Array.from({ length: COPIES }, () => kinds).flat();
}

export const NAMED_IMAGES: readonly Point[] = [
  exchanged('file and file', async (_stage, path, write) => {
    const second = `${path}.other`;
    await write(second);
    return { first: path, second, watch: [dirname(path)] };
  }),
  exchanged('file and link', async (stage, path, write) => {
    const target = stage.secret(path.split('/').at(-1)!);
    await write(target);
    await symlink(target, `${path}.link`);
    return { first: path, second: `${path}.link`, watch: [dirname(path), target] };
  }),
  exchanged('directory and link', (stage, path, write) => directoryAndLink(stage, path, dirname(path), write)),
  exchanged('directory and directory', async (_stage, path, write) => {
    const [first, second] = [dirname(path), `${dirname(path)}.other`];
    const other = join(second, path.slice(first.length + 1));
    await write(other);
    return { first, second, watch: [first, second] };
  }),
  exchanged('directory above and link', (stage, path, write) =>
    directoryAndLink(stage, path, dirname(dirname(path)), write),
  ),
];

/** Exchanges a directory above an image with a link to a directory with files of the same names. */
async function directoryAndLink(
  stage: Stage,
  path: string,
  directory: string,
  write: (path: string) => Promise<void>,
): Promise<Exchange> {
  const target = stage.secret(directory.replaceAll('/', '-'));
  const other = join(target, path.slice(directory.length + 1));
  await write(other);
  await symlink(target, `${directory}.link`);
  return { first: directory, second: `${directory}.link`, watch: [dirname(path), dirname(other)] };
}
