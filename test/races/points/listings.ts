import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReaderName } from '../../harness/readers.js';
import { digestsOf } from '../contents.js';
import type { Exchange } from '../exchanger.js';
import { versionsOf } from '../stage.js';
import type { Point, SceneImage } from './point.js';

const BLOCKS = 16;
const [OWN, OTHER] = versionsOf(BLOCKS);
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name}.raw`);
const LISTING_READERS: readonly ReaderName[] = ['auto', 'raw', 'qemu'];

/** Directories that are named on the command line. */
export const LISTINGS: readonly Point[] = [
  {
    title: 'listed directory: entry and link to a secret',
    readers: LISTING_READERS,
    build: async (stage) => {
      const directory = stage.shared('listed');
      await mkdir(directory);
      const images: SceneImage[] = [];
      const exchanges: Exchange[] = [];
      for (const name of NAMES) {
        const path = join(directory, name);
        await stage.known.writeDisk(path, OWN);
        await stage.writeCanary(stage.secret(name), BLOCKS);
        const link = stage.shared(`${name}.link`);
        await symlink(stage.secret(name), link);
        exchanges.push({ first: path, second: link, watch: [directory, stage.secret(name)] });
        images.push({ path, versions: [digestsOf(OWN)] });
      }
      return { images, exchanges, names: [directory] };
    },
  },
  {
    title: 'listed directory: directory and directory',
    readers: LISTING_READERS,
    build: async (stage) => {
      const [directory, other] = [stage.shared('listed'), stage.shared('other')];
      for (const path of [directory, other]) {
        await mkdir(path);
      }
      for (const name of NAMES) {
        await stage.known.writeDisk(join(directory, name), OWN);
        await stage.known.writeDisk(join(other, name), OTHER);
      }
      const images = NAMES.map((name) => ({ path: join(directory, name), versions: [OWN, OTHER].map(digestsOf) }));
      return {
        images,
        exchanges: [{ first: directory, second: other, watch: [directory, other] }],
        names: [directory],
      };
    },
  },
];
