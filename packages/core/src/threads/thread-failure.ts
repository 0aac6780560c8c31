import { isError, propertyOf } from '../errors/thrown-values.js';
import { type ErrorCode, messageOf, pluginError, VirtSimilarityError, type Wording } from '../errors.js';

/** An error as plain data, to be sent between threads: an instance would lose its class. */
export interface ThreadFailure {
  readonly code: ErrorCode;
  readonly message: Wording;
  readonly image?: string | undefined;
  /** The stacks of the error's causes, outermost first; at most 10. */
  readonly causes: readonly string[];
}

/**
 * Converts what a plugin threw to a failure that can be sent to another thread. The arguments are those of
 * `pluginError`.
 */
export function threadFailureOf(component: string, problem: string, thrown: unknown): ThreadFailure {
  return sendable(pluginError(component, problem, thrown));
}

/** Converts an error to a failure that can be sent to another thread. */
export function sendable(error: VirtSimilarityError): ThreadFailure {
  const { code, image } = error;
  // An error of another copy of this package may have no wording.
  const message = error.wording ?? error.message;
  const causes: string[] = [];
  // The causes may form a cycle.
  for (let { cause } = error; isError(cause) && causes.length < MOST_CAUSES; cause = propertyOf(cause, 'cause')) {
    const stack = propertyOf(cause, 'stack');
    causes.push(typeof stack === 'string' ? stack : messageOf(cause));
  }
  return { code, message, causes, ...(image !== undefined && { image }) };
}

const MOST_CAUSES = 10;

/** Restores an error that another thread sent. Its causes keep their stacks. */
export function received({ code, message, image, causes }: ThreadFailure): VirtSimilarityError {
  const cause = causes.reduceRight<Error | undefined>((inner, stack) => {
    const [first = ''] = stack.split('\n');
    const error = new Error(first, inner && { cause: inner });
    error.stack = stack;
    return error;
  }, undefined);
  return new VirtSimilarityError(code, message, { ...(image !== undefined && { image }), cause });
}
