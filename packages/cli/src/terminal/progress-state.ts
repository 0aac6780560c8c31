import type { ProgressEvent } from '@virt-similarity/core';

/** The progress of a run. Byte counts are bytes to read, not virtual sizes. */
export interface ProgressState {
  /** Number of images. */
  readonly images: number;
  /** Number of images of which reading has begun. */
  readonly started: number;
  /** Number of images that are hashed, found in the cache or failed. */
  readonly finished: number;
  /** Number of images found in the cache. */
  readonly cached: number;
  /** Bytes to read of all started images and bases. */
  readonly bytes: number;
  /** Bytes read so far. */
  readonly bytesDone: number;
  /** Time in milliseconds at which reading began; `undefined` before. */
  readonly startedAt: number | undefined;
  readonly stage: 'hashing' | 'comparing' | 'clustering';
  /** Completed part of the comparison, from 0 to 1. */
  readonly compared: number;
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
      };
    case 'backing-started':
      return { ...state, bytes: state.bytes + event.bytes, startedAt: state.startedAt ?? now };
    case 'image-advanced':
      return { ...state, bytesDone: state.bytesDone + event.bytes };
    case 'image-finished':
      return { ...state, finished: state.finished + 1, cached: state.cached + (event.cached ? 1 : 0) };
    case 'image-failed':
      return { ...state, finished: state.finished + 1 };
    case 'comparing':
      return { ...state, stage: 'comparing', compared: event.fraction };
    case 'clustering':
      return { ...state, stage: 'clustering' };
  }
}
