import type { CommandImages, DiskSource, FoundImages, HashedImages, HashOutcome } from '@virt-similarity/core';
import { openOutputFiles } from '../output/open-output-files.js';
import type { BuiltInContext } from './built-in-command.js';
import { findSources } from './find-sources.js';
import type { HashContext } from './hash.js';
import { readKeys, startHashingRun } from './hashing-run.js';

type ImagesContext = BuiltInContext & Pick<HashContext, 'options'>;

/**
 * Returns the images that the command line names, for a plugin's command. Each call of `hash` finds and hashes them
 * again.
 */
export function commandImages(context: ImagesContext): CommandImages {
  return { hash: () => hashNamed(context) };
}

async function hashNamed(context: ImagesContext): Promise<HashedImages> {
  const { messages, options, signal } = context;
  const keys = await readKeys(context);
  const analyzer = await context.analyzer();
  const named = await findSources(context.sources, analyzer, context);
  const hash = async (found: FoundImages) => {
    const outputs = await openOutputFiles([], []);
    const run = await startHashingRun(options, keys, found.sources, outputs, messages, signal);
    try {
      const outcomes = new Map<string, HashOutcome>();
      for await (const outcome of analyzer.hash(found, run.options)) {
        outcomes.set(outcome.path, outcome);
      }
      return { options: run.options, outcomes: found.sources.map(({ path }) => outcomes.get(path)!) };
    } finally {
      run.end();
      outputs.close();
    }
  };
  const hashOthers = async (sources: readonly DiskSource[]) =>
    (await hash({ ...named, sources, failures: new Map() })).outcomes;
  return { found: named, ...(await hash(named)), hashOthers };
}
