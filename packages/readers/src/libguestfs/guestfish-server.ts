import { join } from 'node:path';
import { type RunDirectory, runTool, startTool, type ToolOptions } from '@virt-similarity/image-tools';
import { ErrorFile } from './error-file.js';
import { type GuestfishCommand, remoteArguments } from './guestfish-arguments.js';
import { awaitReadyFile } from './ready-file.js';
import { ALTERNATIVE, COMPONENT, GUESTFISH, KEEPER } from './tools.js';

/**
 * Starts `guestfish --listen`, which leaves its parent and would outlive everybody, and sees to its end.
 *
 * Standard input tells it when: by a line where guestfish is no more needed, by its end where the process that started
 * it is gone, whose directory is then removed as well. It ends the appliance (a guestfish that waits for it fails and is
 * free again) and asks guestfish to end, which removes its temporary files. Where it does not, because it was about to
 * start another child, it is stopped so that it can start no more, and killed with those it has. For root, libguestfs
 * makes its sockets in /tmp whatever it is told; where its launch fails, it leaves them.
 *
 * `$1` is the run directory. `$2` is a directory in it, which gets `pid`, that of guestfish, and `errors`, what
 * guestfish says.
 */
const KEEPER_SCRIPT = `
errors=$2/errors ready=$2/pid
unset GUESTFISH_PID
trap '' INT TERM HUP
eval "$(guestfish --listen </dev/null 2>"$errors")"
[ -n "$GUESTFISH_PID" ] || { cat "$errors" >&2; exit 1; }
echo "$GUESTFISH_PID" >"$ready.new" && mv "$ready.new" "$ready"
read -r told
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
[ -n "$told" ] || rm -rf "$1"
`;

const LIBGUESTFS_CACHE = '/var/tmp';
/** The longest path of a Unix socket, and the end of those that libguestfs makes. */
const SOCKET_PATH_BYTES = 107;
const LIBGUESTFS_SOCKET = '/libguestfsXXXXXX/guestfsd.sock';

/** How a guestfish is run that commands are sent to. */
export interface GuestfishServerOptions {
  /** Where guestfish leaves what it makes, in a directory of its own. */
  readonly runDirectory: RunDirectory;
  /** Variables on top of those of this process. */
  readonly environment: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A guestfish that waits for commands. It carries out one call at a time. */
export interface GuestfishServer {
  /**
   * Runs commands one after the other and gives what they printed. Rejects with `ToolFailure` where one failed, upon
   * which guestfish ends, and with a `VirtSimilarityError` where it takes longer than `timeoutMs` or is interrupted:
   * what guestfish does then is unknown.
   */
  call(commands: readonly GuestfishCommand[], timeoutMs: number): Promise<string>;
  /** The last error that guestfish reported since the last call began, on one line; nothing where there was none. */
  lastError(): Promise<string | undefined>;
  /** Ends guestfish with its appliance and resolves when they are gone. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts guestfish. Its commands come as arguments of further guestfish processes, so there is no script.
 *
 * @throws `unavailable` where it is not installed or does not start; `aborted`.
 */
export async function startGuestfish(options: GuestfishServerOptions): Promise<GuestfishServer> {
  const { runDirectory, environment, signal } = options;
  const directory = await runDirectory.makeDirectory();
  const tool: ToolOptions = {
    component: COMPONENT,
    alternative: ALTERNATIVE,
    environment: { ...environment, ...temporaryDirectories(directory) },
    ...(signal === undefined ? {} : { signal }),
  };
  // The shell's own message would not say which packages are needed.
  await runTool(GUESTFISH, ['--version'], tool);
  const keeper = await startTool(KEEPER, ['-c', KEEPER_SCRIPT, KEEPER.command, runDirectory.path, directory], tool);
  try {
    const readyPath = join(directory, 'pid');
    const pid = Number.parseInt(await awaitReadyFile(readyPath, keeper, GUESTFISH.command, signal), 10);
    const errors = new ErrorFile(join(directory, 'errors'));
    return {
      call: async (commands, timeoutMs) => {
        await errors.skip();
        return runTool(GUESTFISH, remoteArguments(pid, commands), { ...tool, timeoutMs });
      },
      lastError: () => errors.last(),
      stop: () => keeper.stop(),
    };
  } catch (thrown) {
    await keeper.stop();
    throw thrown;
  }
}

/**
 * Has libguestfs make its temporary files and, where their paths are short enough, its sockets in a directory, and
 * guestfish its history. The appliance, which libguestfs keeps for the next time, stays where it is by default, and not
 * where `TMPDIR` points.
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
