import { join } from 'node:path';
import { type RunDirectory, requireProgram, runTool, startTool, type ToolOptions } from '@virt-similarity/image-tools';
import { ErrorFile } from './error-file.js';
import { type GuestfishCommand, remoteArguments } from './guestfish-arguments.js';
import { awaitReadyFile } from './ready-file.js';
import { COMPONENT, GUESTFISH, NEEDS, SUPERVISOR } from './tools.js';

/**
 * Starts `guestfish --listen` and ends it later. Without this script, guestfish would outlive every other process,
 * because it detaches from its parent.
 *
 * Standard input determines when guestfish is ended. A line means that guestfish is no longer needed. The end of the
 * input without a line means that the process that started this script has died; the script then also removes the run
 * directory of that process. The script kills the appliance (a guestfish that waits for it fails and can accept
 * commands again) and asks guestfish to exit, so that guestfish removes its temporary files. If guestfish does not exit
 * within a second, for example because it was about to start another child, the script suspends it, so that it starts
 * no other child, and then kills it with its children. For root, libguestfs always creates its sockets in /tmp, and
 * leaves them there if the launch fails, so the script removes them.
 *
 * `$1` is the run directory. `$2` is a directory in it that receives `pid`, guestfish's process ID, and `errors`, its
 * standard error.
 */
const SUPERVISOR_SCRIPT = `
errors=$2/errors ready=$2/pid
unset GUESTFISH_PID
trap '' INT TERM HUP
eval "$(guestfish --listen </dev/null 2>"$errors")"
[ -n "$GUESTFISH_PID" ] || { cat "$errors" >&2; exit 1; }
echo "$GUESTFISH_PID" >"$ready.new" && mv "$ready.new" "$ready"
read -r reason
process=/proc/$GUESTFISH_PID
children=$(cat "$process/task/$GUESTFISH_PID/children" 2>/dev/null)
sockets=$(for child in $children; do cat "/proc/$child/cmdline"; done 2>/dev/null |
  tr '\\0=,' '\\n\\n\\n' | grep -m 1 -x '/tmp/libguestfs[[:alnum:]]*/guestfsd.sock')
[ -z "$children" ] || kill -KILL $children 2>/dev/null
timeout 1 guestfish --remote="$GUESTFISH_PID" exit 2>/dev/null
if [ "$(cat "$process/comm" 2>/dev/null)" = guestfish ]; then
  kill -STOP "$GUESTFISH_PID"
  kill -KILL $(cat "$process/task/$GUESTFISH_PID/children") "$GUESTFISH_PID"
fi
rm -f "/tmp/.guestfish-$(id -u)/socket-$GUESTFISH_PID"
[ -z "$sockets" ] || rm -rf "\${sockets%/*}"
[ -n "$reason" ] || rm -rf "$1"
`;

const LIBGUESTFS_CACHE = '/var/tmp';
/** The most bytes in the path of a Unix socket. */
const SOCKET_PATH_BYTES = 107;
/** The end of the paths of libguestfs's sockets. */
const LIBGUESTFS_SOCKET = '/libguestfsXXXXXX/guestfsd.sock';

/** How a listening guestfish is run. */
export interface GuestfishServerOptions {
  /** The directory in which guestfish's files are created, in a separate subdirectory. */
  readonly runDirectory: RunDirectory;
  /** Environment variables in addition to the inherited variables. */
  readonly environment: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A guestfish that waits for commands. Calls must not overlap. */
export interface GuestfishServer {
  /**
   * Runs commands in order and returns their output. Rejects with `ToolFailure` if a command without a leading hyphen
   * failed, after which guestfish ends. Rejects with a `VirtSimilarityError` if the call takes longer than `timeoutMs`,
   * prints too much or is interrupted; guestfish is then in an unknown state.
   */
  call(commands: readonly GuestfishCommand[], timeoutMs: number): Promise<string>;
  /** Returns the last error that guestfish reported since the last call began, on one line; `undefined` if none. */
  lastError(): Promise<string | undefined>;
  /** Ends guestfish and its appliance and resolves once they have exited. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts guestfish. Its commands are passed as arguments of further guestfish processes, so there is no script. The
 * caller stops guestfish.
 *
 * @throws `unavailable` if guestfish is not installed or does not start; `aborted`; and as `runTool`.
 */
export async function startGuestfish(options: GuestfishServerOptions): Promise<GuestfishServer> {
  const { runDirectory, environment, signal } = options;
  const directory = await runDirectory.makeDirectory();
  const tool: ToolOptions = {
    component: COMPONENT,
    // The drives are exported already, so the other programs are installed.
    alternative: NEEDS.alternative,
    environment: { ...environment, ...temporaryDirectories(directory) },
    ...(signal === undefined ? {} : { signal }),
  };
  // The shell's own message would not name the required packages.
  await requireProgram(GUESTFISH, tool);
  const supervisorArguments = ['-c', SUPERVISOR_SCRIPT, SUPERVISOR.command, runDirectory.path, directory];
  const supervisor = await startTool(SUPERVISOR, supervisorArguments, tool);
  try {
    const readyPath = join(directory, 'pid');
    const pid = Number.parseInt(await awaitReadyFile(readyPath, supervisor, GUESTFISH.command, signal), 10);
    const errors = new ErrorFile(join(directory, 'errors'));
    return {
      call: async (commands, timeoutMs) => {
        await errors.skip();
        return runTool(GUESTFISH, remoteArguments(pid, commands), { ...tool, timeoutMs });
      },
      lastError: () => errors.last(),
      stop: () => supervisor.stop(),
    };
  } catch (thrown) {
    await supervisor.stop();
    throw thrown;
  }
}

/**
 * Returns the variables that make libguestfs create its temporary files, and guestfish its history, in `directory`. If
 * the paths of sockets in `directory` are short enough, libguestfs creates its sockets there too. The appliance, which
 * libguestfs caches, stays in `LIBGUESTFS_CACHEDIR` or its default directory, regardless of `TMPDIR`.
 */
function temporaryDirectories(directory: string): Record<string, string> {
  const leavesRoom = Buffer.byteLength(directory) + LIBGUESTFS_SOCKET.length <= SOCKET_PATH_BYTES;
  return {
    HOME: directory,
    LIBGUESTFS_TMPDIR: directory,
    LIBGUESTFS_CACHEDIR: process.env.LIBGUESTFS_CACHEDIR || LIBGUESTFS_CACHE,
    ...(leavesRoom ? { XDG_RUNTIME_DIR: directory } : {}),
  };
}
