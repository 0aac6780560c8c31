import type { ProgressEvent } from '@virt-similarity/core';
import { loadWidthOf, type WidthOf } from '@virt-similarity/reporters';
import type { Messages } from './messages.js';
import { advanceProgress, initialProgress } from './progress-state.js';
import { formatBytes } from './quantities.js';
import { renderProgress } from './render-progress.js';

const MILLISECONDS_BETWEEN_DRAWINGS = 100;

/** The progress display of a run. */
export interface ProgressDisplay {
  show(event: ProgressEvent): void;
  /** Removes the status lines. Idempotent. */
  end(): void;
}

/**
 * Creates the display. With the progress `json`, it writes JSON objects (see {@link ProgressEvents}); with `none`,
 * nothing. Otherwise it draws progress bars on a terminal, at most ten times a second and at every new stage. Without a
 * terminal, it writes a line when an image or a base starts to be read, and when an image is finished.
 */
export async function createProgressDisplay(messages: Messages, images: number): Promise<ProgressDisplay> {
  if (messages.progress !== 'auto') {
    return messages.progress === 'json' ? new ProgressEvents(messages) : { show: () => {}, end: () => {} };
  }
  return messages.isTerminal ? new ProgressBars(messages, await loadWidthOf(), images) : new ProgressLines(messages);
}

class ProgressBars implements ProgressDisplay {
  readonly #messages: Messages;
  readonly #widthOf: WidthOf;
  #state;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(messages: Messages, widthOf: WidthOf, images: number) {
    this.#messages = messages;
    this.#widthOf = widthOf;
    this.#state = initialProgress(images);
  }

  show(event: ProgressEvent): void {
    const now = performance.now();
    const { stage } = this.#state;
    this.#state = advanceProgress(this.#state, event, now);
    // A new stage is drawn at once, because the next event of that stage can come late or never.
    if (stage !== this.#state.stage || now - this.#drawnAt >= MILLISECONDS_BETWEEN_DRAWINGS) {
      this.#drawnAt = now;
      const terminal = { width: this.#messages.width, widthOf: this.#widthOf };
      this.#messages.status(...renderProgress(this.#state, terminal, now));
    }
  }

  end(): void {
    this.#messages.status();
  }
}

class ProgressLines implements ProgressDisplay {
  readonly #messages: Messages;

  constructor(messages: Messages) {
    this.#messages = messages;
  }

  show(event: ProgressEvent): void {
    if (event.kind === 'image-started') {
      this.#messages.note(`hashing ${event.path} (${formatBytes(event.bytes)})`);
    } else if (event.kind === 'backing-started') {
      this.#messages.note(`hashing ${event.path} (${formatBytes(event.bytes)}, base of other images)`);
    } else if (event.kind === 'image-finished') {
      this.#messages.note(`${event.path}: ${originOf(event)}`);
    }
  }

  end(): void {}
}

function originOf({ path, cached, vector: { storage } }: Extract<ProgressEvent, { kind: 'image-finished' }>): string {
  if (!cached) {
    return 'hashed';
  }
  const isNamed = storage?.kind === 'file' && storage.path === path;
  return isNamed ? 'read as a hash vector' : 'taken from the cache';
}

/**
 * Writes each event as JSON. The bytes of `image-advanced` events are summed for each image; the sums are written at
 * most ten times a second, and before the next event of another kind.
 */
class ProgressEvents implements ProgressDisplay {
  readonly #messages: Messages;
  readonly #advanced = new Map<string, number>();
  #writtenAt = 0;

  constructor(messages: Messages) {
    this.#messages = messages;
  }

  show(event: ProgressEvent): void {
    if (event.kind !== 'image-advanced') {
      this.end();
      this.#messages.json(event);
      return;
    }
    this.#advanced.set(event.path, (this.#advanced.get(event.path) ?? 0) + event.bytes);
    if (performance.now() - this.#writtenAt >= MILLISECONDS_BETWEEN_DRAWINGS) {
      this.end();
    }
  }

  end(): void {
    for (const [path, bytes] of this.#advanced) {
      this.#messages.json({ kind: 'image-advanced', path, bytes });
    }
    this.#advanced.clear();
    this.#writtenAt = performance.now();
  }
}
