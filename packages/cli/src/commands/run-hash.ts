import { basename } from 'node:path';
import { type HashOutcome, type HashVector, writeFileAtomically, writeHashVector } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { EXIT_DONE, EXIT_PARTIAL, exitCodeOf } from '../exit-codes.js';
import { openOutputFiles } from '../output/open-output-files.js';
import { planVectorFiles } from '../output/plan-vector-files.js';
import { vectorsParquet } from '../output/vectors-parquet.js';
import { findSources } from './find-sources.js';
import type { HashContext } from './hash.js';
import { readKeys, startHashingRun } from './hashing-run.js';

type Hashed = Extract<HashOutcome, { readonly vector: unknown }>;

/**
 * Returns the base name of each image, by the image's path.
 *
 * @throws `usage` if two base names are the same.
 */
function baseNames(paths: readonly string[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const path of paths) {
    const other = owners.get(basename(path));
    if (other !== undefined) {
      const problem = `--anonymous: ${other} and ${path} would both be named ${basename(path)}`;
      throw new VirtSimilarityError('usage', `${problem}; hash them in separate runs`);
    }
    owners.set(basename(path), path);
  }
  return new Map([...owners].map(([name, path]) => [path, name]));
}

/** Returns a vector with another name and without its identity, which contains paths, devices, inodes and times. */
function anonymous({ identity: _, ...vector }: HashVector, name: string): HashVector {
  return { ...vector, name };
}

/**
 * Writes the hash vector of each image to an Arrow file, as soon as the vector is complete and all images are
 * identified or have failed; or writes the vectors of all images to one Parquet file at the end. Returns `EXIT_DONE` if
 * no image failed, `EXIT_PARTIAL` if some failed, and the exit code of the first failure if all failed.
 *
 * @throws `usage` if `hex` is set without a Parquet file or if two images would have the same anonymous name; the
 *   errors of `readKeys`, `findSources`, `planVectorFiles`, `openOutputFiles` and of writing a file.
 */
export async function runHash(context: HashContext): Promise<number> {
  const { messages, options, signal } = context;
  const keys = await readKeys(context);
  const analyzer = await context.analyzer();
  const found = await findSources(context.sources, analyzer, context);
  const paths = found.sources.map(({ path }) => path);
  const { files, combined, makesDirectory } = await planVectorFiles(paths, options.output);
  if (options.hex === true && combined === undefined) {
    throw new VirtSimilarityError('usage', '--hex needs a Parquet file; write -o FILE.parquet, or omit --hex');
  }
  const logs = context.log === undefined ? [] : [context.log.path];
  const results = combined === undefined ? [...files.values()] : [combined];
  const outputs = await openOutputFiles([...results, ...logs], paths, {
    missingDirectories: makesDirectory ? 'make' : 'refuse',
  });
  context.log?.protectFrom(outputs);

  const labels = options.anonymous === true ? baseNames(paths) : undefined;
  const run = await startHashingRun(options, keys, found.sources, outputs, messages, signal);
  let written = 0;
  const write = async ({ path, vector }: Hashed) => {
    const file = files.get(path) as string;
    await writeHashVector(vector, file, { ...outputs.optionsFor(file), signal });
    messages.note(`wrote ${file}`);
    written += 1;
  };
  const writeCombined = async (file: string, vectors: readonly HashVector[]) => {
    await writeFileAtomically(file, vectorsParquet(vectors, options.hex === true), {
      ...outputs.optionsFor(file),
      signal,
    });
    messages.note(`wrote ${file}`);
    written = vectors.length;
  };
  // An output must not replace a file of any image, so nothing is written before the files of every image are known.
  const waiting: Hashed[] = [];
  const writeWaiting = async () => {
    for (const outcome of waiting.splice(0)) {
      await write(outcome);
    }
  };
  try {
    for await (const outcome of analyzer.hash(found, run.options)) {
      if (outcome.error === undefined) {
        const label = labels?.get(outcome.path);
        waiting.push(label === undefined ? outcome : { ...outcome, vector: anonymous(outcome.vector, label) });
      }
      if (outputs.knowsAllImages() && combined === undefined) {
        await writeWaiting();
      }
    }
    if (combined === undefined) {
      await writeWaiting();
    } else if (waiting.length > 0) {
      const vectors = new Map(waiting.map(({ path, vector }) => [path, vector]));
      await writeCombined(
        combined,
        paths.flatMap((path) => vectors.get(path) ?? []),
      );
    }
  } finally {
    run.end();
    outputs.close();
  }
  const [firstFailure] = run.failures;
  if (firstFailure === undefined) {
    return EXIT_DONE;
  }
  return written > 0 ? EXIT_PARTIAL : exitCodeOf(firstFailure.error.code);
}
