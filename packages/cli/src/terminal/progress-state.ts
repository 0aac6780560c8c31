import type { ProgressEvent } from '@virt-similarity/core';

/** How far a run has come. Bytes are those that have to be read, not virtual sizes. */
export interface ProgressState {
  /** Images in all. */
  readonly images: number;
  /** Images whose reading has begun. */
  readonly started: number;
  /** Images that are done: hashed, found in the cache or failed. */
  readonly finished: number;
  /** Those of them that needed no reading. */
  readonly cached: number;
  /** Bytes to read of the images started so far. */
  readonly bytes: number;
  /** Bytes read so far. */
  readonly bytesDone: number;
  /** When the first image was started, milliseconds; `undefined` before. */
  readonly startedAt: number | undefined;
  readonly stage: 'hashing' | 'comparing' | 'clustering';
  /** From 0 to 1: how much of the comparing is done. */
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

/** The state after an event that happened at `now`, in milliseconds. */
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
