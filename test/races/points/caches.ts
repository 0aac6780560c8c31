import { createHash } from 'node:crypto';
import { chown, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReaderName } from '../../harness/readers.js';
import type { Digests } from '../../harness/vector-digests.js';
import { digestsOf } from '../contents.js';
import { type Stage, versionsOf } from '../stage.js';
import type { Point, SceneImage, SceneSetting } from './point.js';

const BLOCKS = 16;
const [OWN] = versionsOf(BLOCKS);
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name}.raw`);
const CACHE_READERS: readonly ReaderName[] = ['auto'];
const NOBODY = 65_534;
const ENTRY_DIGEST = /[0-9a-f]{64}(?=[^/]*\.arrow$)/;

/**
 * Returns a point at which the cache is exchanged with a directory of forged entries, or with a link to that directory.
 */
function exchanged(title: string, rivalOf: (forged: string) => Promise<string>): Point {
  return {
    title: `cache: ${title}`,
    readers: CACHE_READERS,
    build: async (stage, setting) => {
      const images: SceneImage[] = NAMES.map((name) => ({ path: stage.shared(name), versions: [digestsOf(OWN)] }));
      for (const { path } of images) {
        await stage.known.writeDisk(path, OWN);
      }
      const forged = join(stage.root, 'forged');
      await forge(stage, setting, images, forged);
      const second = await rivalOf(forged);
      return { images, exchanges: [{ first: stage.cache, second, watch: [stage.directory, stage.cache, forged] }] };
    },
  };
}

/** Cache directories that other users exchange. */
export const CACHES: readonly Point[] = [
  exchanged("directory and another user's", async (forged) => {
    if (process.getuid?.() === 0) {
      await chown(forged, NOBODY, NOBODY);
    }
    return forged;
  }),
  exchanged('directory and link', async (forged) => {
    await symlink(forged, `${forged}.link`);
    return `${forged}.link`;
  }),
];

/** Fills a directory with forged entries for the images, in which each digest is that of a secret's block. */
async function forge(
  stage: Stage,
  { run }: SceneSetting,
  images: readonly SceneImage[],
  directory: string,
): Promise<void> {
  const { exit, stderr } = await run(['hash', '-o', 'out/', ...images.map(({ path }) => path)]);
  if (exit !== 0) {
    throw new Error(`cannot create cache entries: ${stderr}`);
  }
  await mkdir(directory, { mode: 0o700 });
  const { traces } = await stage.writeCanary(stage.secret('key'), 2);
  // The first trace is the token itself, and the second is the SHA-256 of a block of repeated tokens.
  const secret = traces[1]!;
  for (const name of await readdir(stage.cache)) {
    const bytes = forged(await readFile(join(stage.cache, name)), images[0]!.versions[0]!, secret);
    const digest = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(directory, name.replace(ENTRY_DIGEST, digest)), bytes, { mode: 0o600 });
  }
}

function forged(entry: Buffer, digests: Digests, secret: Buffer): Buffer {
  const bytes = Buffer.from(entry);
  for (const digest of digests) {
    const position = bytes.indexOf(Buffer.from(digest!, 'hex'));
    if (position < 0) {
      throw new Error('a cache entry does not contain the digests of its image');
    }
    secret.copy(bytes, position);
  }
  return bytes;
}
