import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = new URL('../.data/', import.meta.url).pathname;

/** A directory of inputs that are kept between runs. Incomplete inputs are built again. */
export class DataDirectory {
  #path;

  constructor(path) {
    this.#path = path;
  }

  /** Returns the path of an input, a file or a directory. If it does not exist, builds it with `build(path)`. */
  async ready(name, build) {
    const path = join(this.#path, name);
    if (existsSync(path)) {
      return path;
    }
    console.error(`building ${path} …`);
    // The temporary path has the same depth, because overlays refer to their base by a relative path.
    const partial = join(this.#path, `partial-${name}`);
    await rm(partial, { recursive: true, force: true });
    await build(partial);
    await rename(partial, path);
    return path;
  }
}

/** Opens the directory of inputs for these sizes. Removes inputs that were built for other sizes or by other code. */
export async function openDataDirectory(sizes) {
  const path = join(ROOT, sizes.name);
  const recipe = await recipeOf(sizes);
  if ((await readRecipe(path)) !== recipe) {
    await rm(path, { recursive: true, force: true });
  }
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'recipe'), recipe);
  return new DataDirectory(path);
}

async function readRecipe(path) {
  return readFile(join(path, 'recipe'), 'utf8').catch(() => undefined);
}

async function recipeOf(sizes) {
  const hash = createHash('sha256').update(JSON.stringify({ ...sizes, runs: undefined }));
  const inputs = new URL('./', import.meta.url);
  for (const file of (await readdir(inputs)).sort()) {
    hash.update(await readFile(new URL(file, inputs)));
  }
  return hash.digest('hex');
}
