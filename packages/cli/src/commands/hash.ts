import { writeHashVector } from '@virt-similarity/core';
import { HASH_SETTINGS, parseSettings } from '../arguments/settings.js';
import { EXIT_DONE, EXIT_PARTIAL, exitCodeOf } from '../exit-codes.js';
import { checkOutputFiles } from '../output/check-output-files.js';
import { planVectorFiles } from '../output/plan-vector-files.js';
import type { CommandContext } from './command-context.js';
import { findSources } from './find-sources.js';
import { startHashingRun } from './hashing-run.js';

/**
 * Writes each image's hash vector to an Arrow file of its own, as soon as it stands.
 * Fails as a whole only where every image failed: then with the code of the first failure.
 */
export async function hash(context: CommandContext): Promise<number> {
  const { messages, signal } = context;
  const { output, ...settings } = parseSettings(HASH_SETTINGS, context.options);
  const analyzer = await context.analyzer();
  const sources = await findSources(context.sources, analyzer.registrations);
  const paths = sources.map(({ path }) => path);
  const files = await planVectorFiles(paths, output);
  await checkOutputFiles([...files.values()], paths);

  const run = startHashingRun(settings, sources.length, messages, signal);
  let written = 0;
  let firstFailure: number | undefined;
  try {
    for await (const outcome of analyzer.hash(sources, run.options)) {
      if ('error' in outcome) {
        messages.failure(outcome.error);
        firstFailure ??= exitCodeOf(outcome.error.code);
        continue;
      }
      const file = files.get(outcome.path) as string;
      await writeHashVector(outcome.vector, file, { signal });
      messages.note(`wrote ${file}`);
      written += 1;
    }
  } finally {
    run.end();
  }
  if (firstFailure === undefined) {
    return EXIT_DONE;
  }
  return written > 0 ? EXIT_PARTIAL : firstFailure;
}
