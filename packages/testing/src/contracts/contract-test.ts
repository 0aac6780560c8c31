import assert, { AssertionError } from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { excerptOf, messageOf } from '@virt-similarity/core';

/** One requirement of a contract, for any test runner: `test(title, run)`. */
export interface ContractTest {
  readonly title: string;
  /**
   * Rejects with an `AssertionError` that states the requirement, the problem, and where the contract is documented.
   */
  run(): Promise<void>;
}

/** The interface that a contract belongs to. */
export interface Contract {
  /** Its name, exported by `@virt-similarity/core`. */
  readonly of: string;
  /** The declaration file with its documentation, in the folder `dist/contracts` of that package. */
  readonly file: string;
}

/**
 * Wraps the tests so that the error of a failing test states the complete requirement. Its `cause` is what the test
 * threw.
 *
 * @param tests their titles must continue a sentence that begins with the interface's name
 */
export function asserting({ of, file }: Contract, tests: readonly ContractTest[]): ContractTest[] {
  return tests.map(({ title, run }) => ({
    title,
    run: async () => {
      try {
        await run();
      } catch (thrown) {
        const documented = `${of} in @virt-similarity/core, dist/contracts/${file}`;
        const message = `expected: every ${of} ${title}\nproblem: ${messageOf(thrown)}\ncontract: ${documented}`;
        throw Object.assign(new AssertionError({ message }), { cause: thrown });
      }
    },
  }));
}

/**
 * Asserts that two values are deeply equal. Reports only the first place in which they differ: for large values, the
 * complete difference, which `assert.deepEqual` computes, takes gigabytes of memory in Node.js 26.
 *
 * @param requirement such as `expected the same digest again`
 */
export function assertSame(found: unknown, expected: unknown, requirement: string): void {
  if (!isDeepStrictEqual(found, expected)) {
    assert.fail(`${requirement}; ${differenceOf(found, expected)}`);
  }
}

function differenceOf(found: unknown, expected: unknown): string {
  let place = '';
  let [one, other] = [found, expected];
  for (;;) {
    const key = differingKey(one, other);
    if (key === undefined) {
      return `${place === '' ? '' : `at ${place}: `}expected ${excerptOf(other)}, found ${excerptOf(one)}`;
    }
    place += `[${key}]`;
    [one, other] = [Reflect.get(one as object, key), Reflect.get(other as object, key)];
  }
}

/**
 * Returns the first index or property in which two objects differ; `undefined` if they differ in another way, such as
 * in length.
 */
function differingKey(one: unknown, other: unknown): number | string | undefined {
  if (isList(one) && isList(other)) {
    const end = Math.min(one.length, other.length);
    for (let index = 0; index < end; index += 1) {
      if (!isDeepStrictEqual(one[index], other[index])) {
        return index;
      }
    }
    return undefined;
  }
  if (!isPlain(one) || !isPlain(other)) {
    return undefined;
  }
  return Object.keys(one).find((key) => key in other && !isDeepStrictEqual(one[key], other[key]));
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !isList(value);
}
