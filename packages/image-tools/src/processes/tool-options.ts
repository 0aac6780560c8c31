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
  /** The programs that the component needs. If a program is missing, the message names all that are missing. */
  readonly needs?: readonly Tool[] | undefined;
  /**
   * The alternative to installing missing programs. `text` is offered only if all programs of `needs` are installed.
   */
  readonly alternative?: { readonly text: Wording; readonly needs: readonly Tool[] } | undefined;
  /**
   * Stops the program when it fires. A pending `runTool` rejects with an `aborted` error once the program has exited.
   */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the program is stopped; no limit when absent. */
  readonly timeoutMs?: number | undefined;
  /**
   * The program's environment variables besides `PATH` and `TMPDIR`, which are inherited, and `LC_ALL=C` and
   * `MALLOC_ARENA_MAX`, which are set. They replace variables of the same name.
   */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Runs the program in a sandbox with this view. Starting it fails if no sandbox works. */
  readonly view?: SandboxView | undefined;
  /**
   * The path, as the program sees it, of the file that it gets as standard input; an empty file when absent. Ignored
   * for a tool that `endsWithInput`, unless there is a view.
   */
  readonly input?: string | undefined;
  /** The program's open descriptors besides the standard ones, by number, from 10 on. */
  readonly descriptors?: ReadonlyMap<number, DescriptorContent> | undefined;
}
