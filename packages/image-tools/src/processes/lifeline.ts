import { CHECK_FILES, filesToCheck, type SandboxView } from './sandbox.js';

/**
 * Runs the command that follows `$1`, with the file `$1` as its input. Kills the command once the shell's standard
 * input has a line or ends. Only this Node.js process holds the other end of that input, so the command ends when this
 * process ends, for whatever reason.
 *
 * A parent-death signal (`prctl`, as setpriv and bwrap set it) does not ensure this: it is never sent if the parent
 * dies before the child sets it, and the command would then run forever.
 */
const GUARD = `
exec 3<&0
input=$1
shift
"$@" 3<&- <"$input" &
program=$!
exec >&- 2>&-
{ read -r _ <&3; kill -KILL $program; } &
watcher=$!
wait $program
status=$?
kill $watcher
exit $status
`;

/**
 * Returns the words that must precede a command so that it is killed once standard input has a line or ends. The
 * command's own input is the file `input`, by default an empty file.
 */
export function lifelineWords(input = '/dev/null'): string[] {
  return ['/bin/sh', '-c', GUARD, 'sh', input];
}

/**
 * Returns the same words for a command in the sandbox. These words first compare the visible files with the files of
 * `view`, and fail without running the command if a file differs.
 */
export function checkedLifelineWords(view: SandboxView, input = '/dev/null'): string[] {
  return ['/bin/sh', '-c', CHECK_FILES + GUARD, 'sh', filesToCheck(view), input];
}
