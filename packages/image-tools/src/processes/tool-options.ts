import type { Wording } from '@virt-similarity/core';
import type { DescriptorContent } from './child-tool.js';
import type { SandboxView } from './sandbox.js';
import type { Tool } from './tool.js';

/** How an external program is run, and what its errors name. */
export interface ToolOptions {
  /** The component that error messages name, such as the reader `qemu`. */
  readonly component: string;
  /** The image concerned, as the user named it. */
  readonly image?: string | undefined;
  /**
   * The programs that the component needs. If the program to run is missing, the error names all of these programs that
   * are missing.
   */
  readonly needs?: readonly Tool[] | undefined;
  /**
   * The alternative to installing missing programs. `text` is offered only if all programs of the alternative's own
   * `needs` are installed.
   */
  readonly alternative?: { readonly text: Wording; readonly needs: readonly Tool[] } | undefined;
  /**
   * Stops the program when the signal fires. A pending `runTool` rejects with an `aborted` error once the program has
   * exited.
   */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the program is stopped; no limit when absent. */
  readonly timeoutMs?: number | undefined;
  /**
   * Environment variables of the program. It also gets `PATH` and `TMPDIR` from this process, `LC_ALL=C` and a
   * `MALLOC_ARENA_MAX`, unless variables of the same names are given here.
   */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Runs the program in a sandbox with this view. Starting the program fails if no sandbox works. */
  readonly view?: SandboxView | undefined;
  /**
   * The path, as the program sees it, of the file that it gets as standard input; an empty file when absent. Ignored
   * for a tool that `endsWithInput`, unless there is a view.
   */
  readonly input?: string | undefined;
  /** Descriptors that the program gets, by number, from 10 on. It also gets the standard descriptors. */
  readonly descriptors?: ReadonlyMap<number, DescriptorContent> | undefined;
}
