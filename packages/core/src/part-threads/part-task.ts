import type { ThreadFailure } from '../threads/thread-failure.js';

/** A call of one of the methods that a thread's module has for its part. */
export type PartTask<Work extends object> = {
  readonly [Method in keyof Work]: {
    readonly method: Method;
    readonly given: Work[Method] extends (...given: infer Given) => unknown ? Given : never;
  };
}[keyof Work];

/** What a method returned, or what the plugin threw. */
export type PartAnswer = { readonly result: unknown } | { readonly failure: ThreadFailure };
