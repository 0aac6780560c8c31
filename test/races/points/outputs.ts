import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ReaderName } from '../../harness/readers.js';
import { digestsOf } from '../contents.js';
import type { Exchange } from '../exchanger.js';
import { type Stage, versionsOf } from '../stage.js';
import type { Point, SceneImage } from './point.js';

const BLOCKS = 16;
const [OWN] = versionsOf(BLOCKS);
const NAMES = ['a', 'b', 'c', 'd'].map((name) => `${name}.raw`);
/** One reader suffices, because writing does not depend on the reader. */
const WRITING_READERS: readonly ReaderName[] = ['auto'];
/** The reports that `analyze` writes. */
export const REPORTS = ['tree.dot', 'tree.nwk', 'tree.txt'];

async function writeImages(stage: Stage): Promise<SceneImage[]> {
  const images = NAMES.map((name) => ({ path: stage.shared(name), versions: [digestsOf(OWN)] }));
  for (const { path } of images) {
    await stage.known.writeDisk(path, OWN);
  }
  await stage.writeCanary(stage.secret('key'), 2);
  return images;
}

/** Returns the targets of the planted links: a named image, another image, and secrets. None must be written to. */
function victims(stage: Stage): string[] {
  return [stage.shared('a.raw'), stage.root.concat('/work/good/other.raw'), stage.secret('key'), stage.secret('new')];
}

/** The names of the files that the command is allowed to write to the directory of results. */
const RESULTS = [...NAMES.map((name) => `${name}.arrow`), ...REPORTS, 'tree.names.tsv'];

/** Output files, directories and temporary files. */
export const OUTPUTS: readonly Point[] = [
  {
    title: 'output: file and link to an image or a secret',
    readers: WRITING_READERS,
    build: async (stage) => {
      const images = await writeImages(stage);
      const links = stage.shared('links');
      await mkdir(links);
      const planted = RESULTS.map((name, index) => ({
        path: join(stage.vectors, name),
        other: join(links, name),
        target: victims(stage)[index % victims(stage).length]!,
      }));
      return {
        images,
        exchanges: planted.map(({ path, other }) => ({ first: path, second: other, watch: [stage.vectors] })),
        exchangesResults: true,
        mayWrite: [links],
        prepare: async () => {
          for (const { path, other, target } of planted) {
            for (const old of [path, other]) {
              await rm(old, { force: true });
            }
            await symlink(target, other);
            await writeFile(path, '');
          }
        },
      };
    },
  },
  {
    title: 'output: temporary file and link to an image or a secret',
    readers: WRITING_READERS,
    build: async (stage) => {
      const images = await writeImages(stage);
      const links = stage.shared('links');
      await mkdir(links);
      const exchanges = victims(stage).map((target): Exchange & { target: string } => ({
        first: stage.vectors,
        second: join(links, basename(target)),
        watch: [stage.vectors],
        created: true,
        target,
      }));
      return {
        images,
        exchanges,
        exchangesResults: true,
        mayWrite: [links],
        prepare: async () => {
          for (const { second, target } of exchanges) {
            await rm(second, { force: true });
            await symlink(target, second);
          }
        },
      };
    },
  },
  {
    title: 'output: directory and link to a directory of secrets',
    readers: WRITING_READERS,
    build: async (stage) => {
      const images = await writeImages(stage);
      const [directory, target, link] = [stage.vectors, stage.secret('out'), `${stage.vectors}.link`];
      await mkdir(target);
      await stage.writeCanary(join(target, 'key'), 2);
      await symlink(target, link);
      return {
        images,
        exchanges: [{ first: directory, second: link, watch: [directory, target] }],
        exchangesResults: true,
        // The user named the directory. A link that already existed would be followed.
        mayWrite: RESULTS.map((name) => join(target, name)),
        prepare: async () => {
          for (const name of RESULTS) {
            await rm(join(target, name), { force: true });
          }
        },
      };
    },
  },
];
