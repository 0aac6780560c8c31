import { type ErrorCode, pluginError, VirtSimilarityError } from '../errors.js';

/** An error's way out of a thread: an instance would lose its class. */
export interface ThreadFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly image?: string;
}

/** What a thread says of something that a plugin threw; arguments as those of `pluginError`. */
export function threadFailureOf(component: string, problem: string, thrown: unknown): ThreadFailure {
  return sendable(pluginError(component, problem, thrown));
}

/** An error, to be sent to another thread. */
export function sendable({ code, message, image }: VirtSimilarityError): ThreadFailure {
  return { code, message, ...(image !== undefined && { image }) };
}

/** The error that was sent by another thread. */
export function received({ code, message, image }: ThreadFailure): VirtSimilarityError {
  return new VirtSimilarityError(code, message, image === undefined ? {} : { image });
}
