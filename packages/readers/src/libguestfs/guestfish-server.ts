import { join } from 'node:path';
import type { RunDirectory } from '../processes/run-directory.js';
import { runTool } from '../processes/run-tool.js';
import { startTool } from '../processes/start-tool.js';
import type { ToolOptions } from '../processes/tool-options.js';
import { ErrorFile } from './error-file.js';
import { type GuestfishCommand, remoteArguments } from './guestfish-arguments.js';
import { awaitReadyFile } from './ready-file.js';
import { ALTERNATIVE, COMPONENT, GUESTFISH, SHELL } from './tools.js';

/**
 * Starts `guestfish --listen`, which leaves its parent and would outlive everybody, and sees to its end.
 *
 * The outer shell dies with whoever started it, as every child of ours does. It holds a FIFO open for writing; the
 * inner one, which nothing but its own work ends, reads from it and so learns of the outer one's end, however it came.
 * It then ends the appliance (a guestfish that waits for it fails and is free again) and asks guestfish to end, which
 * removes its temporary files. Where it does not, because it was about to start another child, it is stopped so that
 * it can start no more, and killed with those it has. Told to end, the outer one waits for that.
 *
 * `$1` is a directory, which gets `pid`, that of guestfish, and `errors`, what guestfish says. The files are numbered
 * by `$2`.
 */
const KEEPER = `
alive=$1/alive-$2 errors=$1/errors-$2 ready=$1/pid-$2
unset GUESTFISH_PID
mkfifo "$alive" || exit 1
exec 9<>"$alive"
(
  trap '' INT TERM HUP
  exec 8<"$alive" 9<&-
  eval "$(guestfish --listen 8<&- 2>"$errors")"
  [ -n "$GUESTFISH_PID" ] || { cat "$errors" >&2; exit 1; }
  echo "$GUESTFISH_PID" >"$ready.new" && mv "$ready.new" "$ready"
  read -r end <&8
  process=/proc/$GUESTFISH_PID
  kill $(cat "$process/task/$GUESTFISH_PID/children") 2>/dev/null
  timeout 5 guestfish --remote="$GUESTFISH_PID" exit 2>/dev/null
  if [ "$(cat "$process/comm" 2>/dev/null)" = guestfish ]; then
    kill -STOP "$GUESTFISH_PID"
    kill -KILL $(cat "$process/task/$GUESTFISH_PID/children") "$GUESTFISH_PID"
  fi
  rm -f "/tmp/.guestfish-$(id -u)/socket-$GUESTFISH_PID"
) &
trap '' INT HUP
trap 'exec 9<&-' TERM
wait
wait
`;

/** How a guestfish is run that commands are sent to. */
export interface GuestfishServerOptions {
  readonly runDirectory: RunDirectory;
  /** Tells the servers of one run directory apart. */
  readonly number: number;
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
 * @throws VirtSimilarityError `unavailable` where it is not installed or does not start; `aborted`.
 */
export async function startGuestfish(options: GuestfishServerOptions): Promise<GuestfishServer> {
  const { runDirectory, number, environment, signal } = options;
  const tool: ToolOptions = {
    component: COMPONENT,
    alternative: ALTERNATIVE,
    environment,
    ...(signal === undefined ? {} : { signal }),
  };
  // The shell's own message would not say which packages are needed.
  await runTool(GUESTFISH, ['--version'], tool);
  const keeper = await startTool(SHELL, ['-c', KEEPER, SHELL.command, runDirectory.path, String(number)], tool);
  try {
    const readyPath = join(runDirectory.path, `pid-${number}`);
    const pid = Number.parseInt(await awaitReadyFile(readyPath, keeper, GUESTFISH.command, signal), 10);
    const errors = new ErrorFile(join(runDirectory.path, `errors-${number}`));
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
