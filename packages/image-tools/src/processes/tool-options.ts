import type { Wording } from '@virt-similarity/core';
import type { DescriptorContent } from './child-tool.js';
import type { SandboxView } from './sandbox.js';

/** How an outside program is run, and what its errors say. */
export interface ToolOptions {
  /** Who speaks in error messages: the name of the reader, such as `qemu`. */
  readonly component: string;
  /** The image concerned, as the user named it. */
  readonly image?: string;
  /** What else the user can do where the program is missing, such as to choose another reader; follows `or`. */
  readonly alternative?: Wording;
  /** Ends the program; the promise rejects with an `aborted` error once it is gone. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which the program is ended; no limit when absent. */
  readonly timeoutMs?: number;
  /** Variables beside `PATH` and `TMPDIR`, which are passed on, and `LC_ALL=C`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Has the program run in a sandbox, which must have been found to work, with nothing but this to see. */
  readonly view?: SandboxView;
  /** What it has open beside its standard descriptors, by number, from 10 on. */
  readonly descriptors?: ReadonlyMap<number, DescriptorContent>;
}
