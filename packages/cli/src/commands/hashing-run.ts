import type { HashOptions } from '@virt-similarity/core';
import { removeLeftRunDirectories } from '@virt-similarity/readers';
import type { HashSettings } from '../arguments/settings.js';
import type { OutputFiles } from '../output/open-output-files.js';
import type { Messages } from '../terminal/messages.js';
import { createProgressDisplay } from '../terminal/progress-display.js';

/** The hashing of a run's images, as the user sees it. */
export interface HashingRun {
  /** The library's options for what the user asked. */
  readonly options: HashOptions;
  /** Takes the progress away. */
  end(): void;
}

/**
 * Connects a run of so many images with the messages: progress, notes, and each failure as it happens; and with the
 * outputs, which observe its events.
 */
export function startHashingRun(
  settings: Omit<HashSettings, 'output'>,
  images: number,
  outputs: OutputFiles,
  messages: Messages,
  signal: AbortSignal,
): HashingRun {
  // Beside the run: where every image is in the cache, nothing else would look for what an earlier run left.
  void removeLeftRunDirectories();
  const display = createProgressDisplay(messages, images);
  const { reader, allowBacking, maxVirtualSize, allowInUse, sandbox } = settings;
  const { hash: hasher, blockSize, cache, jobs, pluginTimeout } = settings;
  const reading = { reader, allowBacking, maxVirtualSize, allowInUse, sandbox };
  const options: HashOptions = {
    ...withoutAbsent({ ...reading, hasher, blockSize, cache, jobs, pluginTimeout }),
    onProgress: (event) => {
      outputs.observe(event);
      display.show(event);
      if (event.kind === 'image-failed' && event.error.code !== 'aborted') {
        messages.failure(event.error);
      }
    },
    onNote: (level, message) => messages[level](message),
    signal,
  };
  return { options, end: () => display.end() };
}

type Present<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/** The object without the keys that have no value, so that the library's defaults hold for them. */
export function withoutAbsent<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;
}
