import type { BaseReference, Plan } from './plan.js';
import type { PlanInput } from './plan-inputs.js';

/** The version of the JSON format of plans. */
export const PLAN_VERSION = 1;

/**
 * Yields a plan as JSON: sizes in bytes, blocks in units of `blockSize`. Each image has its chain with the state of its
 * files, with which `apply` recognises images that have changed.
 */
export function* planJson(plan: Plan, inputs: readonly PlanInput[], leftOut: readonly string[]): Iterable<string> {
  const { bases, blockSize, bytesNow, bytesPlanned, bytesToWrite, lowerBound } = plan;
  const head = { version: PLAN_VERSION, bases, blockSize, bytesNow, bytesPlanned, bytesToWrite, lowerBound };
  const images = plan.images.map(({ base, bytes, isWritten, bytesNow: now, emptyOverlayBytes }, index) => {
    const { path, vector, identity, frozen, isFormatStated } = inputs[index]!;
    return {
      path,
      virtualSize: vector.virtualSize,
      algorithm: vector.algorithm,
      isFormatStated,
      chain: identity.chain.map(({ format, parts }) => ({ format, files: parts })),
      isFixed: frozen === true,
      base: referenceOf(base),
      bytesNow: now,
      bytes,
      isWritten,
      emptyOverlayBytes,
    };
  });
  const newBases = plan.newBases.map(({ base, bytes, virtualSize, runs }) => {
    return {
      base: referenceOf(base),
      bytes,
      virtualSize,
      runs: runs.map(({ start, blocks, image }) => [start, blocks, image]),
    };
  });
  yield `${JSON.stringify({ ...head, leftOut, images, newBases }, withBigIntegers, 2)}\n`;
}

function referenceOf(base: BaseReference | undefined): { image: number } | { newBase: number } | null {
  if (base === undefined) {
    return null;
  }
  return base.kind === 'image' ? { image: base.index } : { newBase: base.index };
}

/** Converts inode numbers, sizes and times, which can be too large for a JavaScript number, to decimal text. */
function withBigIntegers(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
