import type { Wording } from '@virt-similarity/core';
import type { DescriptorContent } from './child-tool.js';
import type { SandboxView } from './sandbox.js';
import type { Tool } from './tool.js';

/** How an external program is run, and what its errors name. */
export interface ToolOptions {
  /** The component that error messages name: the reader, such as `qemu`. */
  readonly component: string;
  /** The image concerned, as the user named it. */
  readonly image?: string | undefined;
  /** The programs that the component needs. If a program is missing, the message names all that are missing. */
  readonly needs?: readonly Tool[] | undefined;
  /** The user's alternative to installing missing programs; offered only if the programs that it needs are installed. */
  readonly alternative?: { readonly text: Wording; readonly needs: readonly Tool[] } | undefined;
  /** Ends the program. A pending `runTool` rejects with an `aborted` error once the program has exited. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the program is ended; no limit when absent. */
  readonly timeoutMs?: number | undefined;
  /**
   * Environment variables in addition to `PATH` and `TMPDIR`, which are inherited, `LC_ALL=C` and `MALLOC_ARENA_MAX`.
   */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Runs the program in a sandbox with this view. Starting it fails if no sandbox works. */
  readonly view?: SandboxView | undefined;
  /** The file that the program reads as its standard input, by the name that it sees; an empty one when absent. */
  readonly input?: string | undefined;
  /** The program's open descriptors besides the standard ones, by number, from 10 on. */
  readonly descriptors?: ReadonlyMap<number, DescriptorContent> | undefined;
}
