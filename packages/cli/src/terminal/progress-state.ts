import type { ProgressEvent } from '@virt-similarity/core';

/** The progress of a run. Byte counts are bytes to read, not virtual sizes. */
export interface ProgressState {
  /** Number of images. */
  readonly images: number;
  /** Number of images whose reading has begun. */
  readonly started: number;
  /** Number of images that are hashed, found in the cache, named as hash vectors, or failed. */
  readonly finished: number;
  /** Number of images found in the cache or named as hash vectors. */
  readonly cached: number;
  /** Bytes to read of all started images and bases. */
  readonly bytes: number;
  /** Bytes read so far. */
  readonly bytesDone: number;
  /** Time in milliseconds at which reading began; `undefined` before. */
  readonly startedAt: number | undefined;
  /** The images and bases that are being read, by path, in the order in which they were started. */
  readonly active: ReadonlyMap<string, ActiveImage>;
  readonly stage: 'hashing' | 'comparing' | 'clustering';
  /** Completed part of the comparison, from 0 to 1. */
  readonly compared: number;
}

/** An image that is being read. */
export interface ActiveImage {
  /** Bytes to read. */
  readonly bytes: number;
  readonly bytesDone: number;
}

export function initialProgress(images: number): ProgressState {
  return {
    images,
    started: 0,
    finished: 0,
    cached: 0,
    bytes: 0,
    bytesDone: 0,
    startedAt: undefined,
    active: new Map(),
    stage: 'hashing',
    compared: 0,
  };
}

/** Returns the state after an event at the time `now`, in milliseconds. */
export function advanceProgress(state: ProgressState, event: ProgressEvent, now: number): ProgressState {
  switch (event.kind) {
    case 'image-identified':
      return state;
    case 'image-started':
      return {
        ...state,
        started: state.started + 1,
        bytes: state.bytes + event.bytes,
        startedAt: state.startedAt ?? now,
        active: started(state.active, event),
      };
    case 'backing-started':
      return {
        ...state,
        bytes: state.bytes + event.bytes,
        startedAt: state.startedAt ?? now,
        active: started(state.active, event),
      };
    case 'image-advanced':
      return { ...state, bytesDone: state.bytesDone + event.bytes, active: advanced(state.active, event) };
    case 'image-finished': {
      const cached = state.cached + (event.cached ? 1 : 0);
      return { ...state, finished: state.finished + 1, cached, active: without(state.active, event.path) };
    }
    case 'image-failed':
      return { ...state, finished: state.finished + 1, active: without(state.active, event.path) };
    case 'comparing':
      return { ...state, stage: 'comparing', compared: event.fraction };
    case 'clustering':
      return { ...state, stage: 'clustering' };
  }
}

type ActiveImages = ProgressState['active'];

function started(
  active: ActiveImages,
  { path, bytes }: { readonly path: string; readonly bytes: number },
): ActiveImages {
  return new Map([...active, [path, { bytes, bytesDone: 0 }]]);
}

/**
 * Adds bytes to an image or base. Removes it once all its bytes are read, because no event announces the end of a base.
 */
function advanced(
  active: ActiveImages,
  { path, bytes }: { readonly path: string; readonly bytes: number },
): ActiveImages {
  const image = active.get(path);
  if (image === undefined) {
    return active;
  }
  const bytesDone = image.bytesDone + bytes;
  return bytesDone >= image.bytes ? without(active, path) : new Map([...active, [path, { ...image, bytesDone }]]);
}

function without(active: ActiveImages, path: string): ActiveImages {
  const others = new Map(active);
  others.delete(path);
  return others;
}
