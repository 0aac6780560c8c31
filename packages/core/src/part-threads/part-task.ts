import type { ThreadFailure } from '../threads/thread-failure.js';

/** A call of one of a thread's methods. */
export type PartTask<Work extends object> = {
  readonly [Method in keyof Work]: {
    readonly method: Method;
    readonly given: Work[Method] extends (...given: infer Given) => unknown ? Given : never;
  };
}[keyof Work];

/** The result of a method, or the failure of the plugin. */
export type PartAnswer = { readonly result: unknown } | { readonly failure: ThreadFailure };
