import { type HashOutcome, writeHashVector } from '@virt-similarity/core';
import { EXIT_DONE, EXIT_PARTIAL, exitCodeOf } from '../exit-codes.js';
import { openOutputFiles } from '../output/open-output-files.js';
import { planVectorFiles } from '../output/plan-vector-files.js';
import { findSources } from './find-sources.js';
import type { HashContext } from './hash.js';
import { readKeys, startHashingRun } from './hashing-run.js';

type Hashed = Extract<HashOutcome, { readonly vector: unknown }>;

/**
 * Writes each image's hash vector to its own Arrow file, as soon as the vector is complete and every image is
 * identified. If every image failed, returns the exit code of the first failure; if only some failed, `EXIT_PARTIAL`.
 */
export async function runHash(context: HashContext): Promise<number> {
  const { messages, options, signal } = context;
  const keys = await readKeys(context);
  const analyzer = await context.analyzer();
  const found = await findSources(context.sources, analyzer, context);
  const paths = found.sources.map(({ path }) => path);
  const { files, makesDirectory } = await planVectorFiles(paths, options.output);
  const logs = context.log === undefined ? [] : [context.log.path];
  const outputs = await openOutputFiles([...files.values(), ...logs], paths, {
    missingDirectories: makesDirectory ? 'make' : 'refuse',
  });
  context.log?.protectFrom(outputs);

  const run = startHashingRun(options, keys, found.sources, outputs, messages, signal);
  let written = 0;
  const write = async ({ path, vector }: Hashed) => {
    const file = files.get(path) as string;
    await writeHashVector(vector, file, { ...outputs.optionsFor(file), signal });
    messages.note(`wrote ${file}`);
    written += 1;
  };
  // No output may replace a file of any image, so nothing is written before the files of every image are known.
  const waiting: Hashed[] = [];
  const writeWaiting = async () => {
    for (const outcome of waiting.splice(0)) {
      await write(outcome);
    }
  };
  try {
    for await (const outcome of analyzer.hash(found, run.options)) {
      if (outcome.error === undefined) {
        waiting.push(outcome);
      }
      if (outputs.knowsAllImages()) {
        await writeWaiting();
      }
    }
    await writeWaiting();
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
