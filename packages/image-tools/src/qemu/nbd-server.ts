import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { throwIfAborted } from '@virt-similarity/core';
import type { RunDirectory } from '../processes/run-directory.js';
import { type RunningTool, startTool } from '../processes/start-tool.js';
import type { Tool } from '../processes/tool.js';
import { SERVER_CPU_SECONDS } from '../processes/tool-limits.js';
import { readError } from '../reading/read-error.js';
import { blockGraph } from './block-graph.js';
import type { InspectedImage } from './inspected-image.js';
import type { QemuCall } from './qemu-call.js';
import { toolError } from './tool-error.js';
import { type ToolFiles, toolFiles } from './tool-files.js';

/** qemu's program that serves images over NBD. */
export const QEMU_NBD: Tool = {
  command: 'qemu-nbd',
  package: 'qemu-utils',
  limits: { cpuSeconds: SERVER_CPU_SECONDS },
};

/** The defaults of {@link NbdServerOptions}. */
export const NBD_SERVER_DEFAULTS = { clients: 16, startTimeoutMs: 60_000 } as const;

/** How an image is served. */
export interface NbdServerOptions extends QemuCall {
  /** Where a directory for the socket is created. The caller removes the run directory after closing the server. */
  readonly runDirectory: RunDirectory;
  /** The most connections open at a time. */
  readonly clients?: number | undefined;
  /** Milliseconds within which the server must answer for the first time. */
  readonly startTimeoutMs?: number | undefined;
}

/** A qemu-nbd process that serves one image, read-only, under the empty export name. */
export interface NbdServer {
  /** Absolute path of its Unix socket. */
  readonly socketPath: string;
  /** Stops the server and resolves once its process has exited. Idempotent. */
  close(): Promise<void>;
}

/**
 * Serves the raw content of an image on a Unix socket. qemu-nbd gets the complete block graph, so that it opens only
 * the files of `image`. The server ends with `close`, when `signal` fires, or when this process ends.
 *
 * @throws as `toolFiles` and `startTool`; as `toolError` if qemu-nbd ends before it serves the image; `unavailable` if
 *   qemu-nbd does not answer in time; `aborted` if the signal fires; the errors of `RunDirectory.makeDirectory`.
 */
export async function startNbdServer(image: InspectedImage, options: NbdServerOptions): Promise<NbdServer> {
  const { runDirectory, clients = NBD_SERVER_DEFAULTS.clients, startTimeoutMs: _, ...call } = options;
  const directory = await runDirectory.makeDirectory();
  const socketPath = join(directory, 'nbd');
  const files = await toolFiles(QEMU_NBD, image, call);
  try {
    const server = await startTool(
      files.tool,
      [
        '--read-only',
        '--persistent',
        `--shared=${clients}`,
        `--socket=${socketPath}`,
        ...files.secretArguments,
        blockGraph(image, files).argument,
      ],
      { ...call, ...withWritable(files.access, directory) },
    );
    try {
      await awaitReadiness(server, socketPath, files, options);
    } catch (thrown) {
      await server.stop();
      throw thrown;
    }
    return { socketPath, close: () => server.stop() };
  } finally {
    await files.close();
  }
}

function withWritable({ view, descriptors }: ToolFiles['access'], directory: string): ToolFiles['access'] {
  return view === undefined ? { ...(descriptors && { descriptors }) } : { view: { ...view, writable: [directory] } };
}

async function awaitReadiness(
  server: RunningTool,
  socketPath: string,
  files: ToolFiles,
  options: NbdServerOptions,
): Promise<void> {
  const startTimeoutMs = options.startTimeoutMs ?? NBD_SERVER_DEFAULTS.startTimeoutMs;
  const watch = new AbortController();
  try {
    const outcome = await Promise.race([
      server.exited,
      answers(socketPath, watch.signal),
      delay(startTimeoutMs, 'late' as const, { signal: watch.signal }),
    ]);
    if (outcome === 'answers') {
      return;
    }
    throwIfAborted(options.signal);
    throw outcome === 'late'
      ? readError(options, 'unavailable', 'qemu-nbd did not answer in time; try again when the machine is less busy')
      : toolError(QEMU_NBD.command, outcome, files, options);
  } finally {
    watch.abort();
  }
}

/**
 * Polls, with growing pauses, until the server sends its greeting: a server that listens can still fail to open the
 * image.
 */
async function answers(socketPath: string, signal: AbortSignal): Promise<'answers'> {
  for (let pause = 5; !(await greets(socketPath, signal)); pause = Math.min(pause * 2, 200)) {
    await delay(pause, undefined, { signal });
  }
  return 'answers';
}

function greets(socketPath: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path: socketPath, signal });
    const settle = (greeted: boolean) => {
      resolve(greeted);
      socket.destroy();
    };
    socket.once('data', () => settle(true));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
  });
}
