import type { DiskSource, HashOptions } from '@virt-similarity/core';
import type { VirtSimilarityError } from '@virt-similarity/core/errors';
import { removeLeftRunDirectories } from '@virt-similarity/readers';
import type { HashSettings } from '../arguments/settings.js';
import type { OutputFiles } from '../output/open-output-files.js';
import type { Messages } from '../terminal/messages.js';
import { createProgressDisplay } from '../terminal/progress-display.js';

/** The hashing of a run's images, as the user sees it. */
export interface HashingRun {
  /** The library's options for what the user asked. */
  readonly options: HashOptions;
  /** The failures of images so far, in the order in which the images were named. */
  readonly failures: readonly VirtSimilarityError[];
  /** Takes the progress away and shows the failures that were not shown. Idempotent. */
  end(): void;
}

/**
 * Connects a run of images with the messages: progress, notes and failures; and with the outputs, which observe its events.
 *
 * Failures are shown once all images are hashed, in the order in which the images were named, so that the messages of two
 * runs can be compared. When verbose, each is shown as it happens.
 */
export function startHashingRun(
  settings: Omit<HashSettings, 'output'>,
  images: readonly DiskSource[],
  outputs: OutputFiles,
  messages: Messages,
  signal: AbortSignal,
): HashingRun {
  // Beside the run: where every image is in the cache, nothing else would look for what an earlier run left.
  void removeLeftRunDirectories();
  const display = createProgressDisplay(messages, images.length);
  const failed = new Map<string, VirtSimilarityError>();
  const failures = () => images.flatMap(({ path }) => failed.get(path) ?? []);
  const showFailures = () => {
    for (const error of failures()) {
      messages.failure(error);
    }
  };
  const { reader, allowBacking, maxVirtualSize, allowInUse, sandbox } = settings;
  const { hash: hasher, blockSize, cache, jobs, pluginTimeout } = settings;
  const reading = { reader, allowBacking, maxVirtualSize, allowInUse, sandbox };
  const options: HashOptions = {
    ...withoutAbsent({ ...reading, hasher, blockSize, cache, jobs, pluginTimeout }),
    onProgress: (event) => {
      outputs.observe(event);
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
    onNote: (level, message) => messages[level](message),
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

type Present<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/** The object without the keys that have no value, so that the library's defaults hold for them. */
export function withoutAbsent<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;
}
