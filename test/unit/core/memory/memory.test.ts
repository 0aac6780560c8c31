import { describe, expect, test } from '@jest/globals';
import { instantiateMatrixBand } from '#core/clustering/fast/matrix-band.js';
import { ShrinkingMatrix } from '#core/clustering/fast/shrinking-matrix.js';
import { allocateShared } from '#core/memory/allocate-shared.js';
import { requireMemory } from '#core/memory/require-memory.js';

const GIB = 2 ** 30;

function need(bytes: number) {
  return { bytes, purpose: 'test', remedy: 'request less' };
}

describe('requireMemory', () => {
  test('refuses only requests that exceed the available memory', () => {
    expect(() => requireMemory(need(GIB), () => GIB)).not.toThrow();
    expect(() => requireMemory(need(1.5 * GIB), () => GIB)).toThrow(
      expect.objectContaining({
        code: 'unavailable',
        message: 'cannot test: expected 1.5 GiB of memory, found 1.0 GiB; request less',
      }),
    );
  });

  test('determines the available memory by default', () => {
    expect(() => requireMemory(need(2 ** 20))).not.toThrow();
    expect(() => requireMemory(need(2 ** 52))).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });
});

describe('a failed allocation is reported as unavailable:', () => {
  const unavailable = expect.objectContaining({ code: 'unavailable', message: expect.stringMatching(/^cannot /) });

  test('shared memory', () => {
    expect(allocateShared(need(8)).byteLength).toBe(8);
    expect(() => allocateShared(need(2 ** 52))).toThrow(unavailable);
  });

  test('WebAssembly memory beyond its last address', () => {
    const band = instantiateMatrixBand();
    band.allocateRow(400_000_000);
    expect(() => band.allocateRow(400_000_000)).toThrow(unavailable);
  });

  test('a copy of the distances', () => {
    const values = Object.defineProperty(new Float64Array(0), 'byteLength', { value: 2 ** 52 });
    expect(() => new ShrinkingMatrix({ size: 2, values })).toThrow(
      expect.objectContaining({ code: 'unavailable', message: expect.stringContaining("choose `linkage: 'single'`,") }),
    );
  });
});
