import {
  type DiskKey,
  type DiskSource,
  type HashOptions,
  type ImageFailure,
  readDiskKey,
  type ValuesOf,
} from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { removeStaleRunDirectories } from '@virt-similarity/readers';
import type { COMMON_OPTIONS, IMAGE_OPTIONS } from '../options/option-table.js';
import type { OutputFiles } from '../output/open-output-files.js';
import type { Messages } from '../terminal/messages.js';
import { createProgressDisplay } from '../terminal/progress-display.js';
import type { BuiltInContext } from './built-in-command.js';
import { STANDARD_INPUT } from './named-image.js';

/** The hashing of a run's images, connected to the progress display, the messages and the outputs. */
export interface HashingRun {
  /** The library's options for the settings of the command line. */
  readonly options: HashOptions;
  /** The failures of images so far, except interruptions, in the order in which the images were named. */
  readonly failures: readonly ImageFailure[];
  /** Removes the progress display and shows the failures that were not shown yet. Idempotent. */
  end(): void;
}

/** The values of the options of every command that hashes images. */
type HashingSettings = ValuesOf<typeof IMAGE_OPTIONS & typeof COMMON_OPTIONS>;

/**
 * Connects a hashing run to the messages (progress, notes, failures) and to the outputs, which observe its events. Also
 * starts to remove the directories that killed processes left behind.
 *
 * Failures are shown once all images are hashed, in the order in which the images were named, so that the messages of
 * two runs can be compared. With `--verbose` each failure is shown as it happens.
 */
export async function startHashingRun(
  settings: HashingSettings,
  keys: readonly DiskKey[],
  images: readonly DiskSource[],
  outputs: OutputFiles,
  messages: Messages,
  signal: AbortSignal,
): Promise<HashingRun> {
  // Runs in the background. If every image is cached, no reader removes the directories that killed processes left.
  void removeStaleRunDirectories();
  const display = await createProgressDisplay(messages, images.length);
  const failed = new Map<string, VirtSimilarityError>();
  const failures = (): ImageFailure[] =>
    images.flatMap(({ path }) => {
      const error = failed.get(path);
      return error === undefined ? [] : [{ path, error }];
    });
  const showFailures = () => {
    for (const { error } of failures()) {
      messages.failure(error);
    }
  };
  const options: HashOptions = {
    ...hashOptionsOf(settings),
    keys,
    onProgress: (event) => {
      outputs.observe(event);
      messages.event(event);
      display.show(event);
      if (event.kind === 'image-failed' && event.error.code !== 'aborted') {
        failed.set(event.path, event.error);
        if (messages.verbosity === 'verbose') {
          messages.failure(event.error);
        }
      } else if (event.kind === 'comparing' || event.kind === 'clustering') {
        showFailures();
      }
    },
    onNote: (level, message, wording = message) => messages[level](wording),
    signal,
  };
  return {
    options,
    get failures() {
      return failures();
    },
    end: () => {
      display.end();
      showFailures();
    },
  };
}

/**
 * Reads the keys of `--key` and `--keys-from-stdin`.
 *
 * @throws as `readDiskKey` and `readPassphrases`; `usage` if standard input is also a list of images.
 */
export async function readKeys({ options, messages, signal, sources }: KeyContext): Promise<DiskKey[]> {
  const warn = (message: string) => messages.warning(message);
  const keys = await Promise.all((options.key ?? []).map((text) => readDiskKey(text, { warn })));
  if (!options['keys-from-stdin']) {
    return keys;
  }
  if (sources.some((source) => 'list' in source && source.list === STANDARD_INPUT)) {
    const problem = 'standard input cannot have both a list of images (-) and the keys of --keys-from-stdin';
    throw new VirtSimilarityError('usage', `${problem}; write the list to a file`);
  }
  const { readPassphrases } = await import('./read-passphrases.js');
  return [...keys, { selector: 'all', passphrases: await readPassphrases(messages, signal) }];
}

/** The parts of a command's context that reading keys needs. */
type KeyContext = Pick<BuiltInContext, 'messages' | 'signal' | 'sources'> & {
  readonly options: Pick<HashingSettings, 'key' | 'keys-from-stdin'>;
};

/** Maps the command line's options to the library's. */
function hashOptionsOf(settings: HashingSettings): HashOptions {
  const { reader, hash: hasher, cache, jobs, sandbox } = settings;
  return {
    reader,
    ...(hasher !== undefined && { hasher }),
    cache,
    ...(settings['block-size'] !== undefined && { blockSize: settings['block-size'] }),
    allowBacking: settings['allow-backing'] ?? [],
    maxVirtualSize: settings['max-virtual-size'],
    allowInUse: settings['allow-in-use'] ?? false,
    sandbox: sandbox ? 'required' : 'off',
    cacheDecrypted: settings['cache-decrypted'] ?? false,
    ...(jobs === undefined ? {} : { jobs }),
  };
}
