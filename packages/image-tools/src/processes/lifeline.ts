import { CHECK_FILES, filesToCheck, type SandboxView } from './sandbox.js';

/**
 * Runs the command after `$1`, with the file `$1` as its input, until standard input has a line or ends. Only this
 * process has the other end of standard input, so the program ends with this process, whenever and however this process
 * ends.
 *
 * A death signal (`prctl`, which setpriv and bwrap set) is lost if the parent dies before it is set; the program that
 * was being started would then run forever.
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
 * Returns the words before a command that end the command when their standard input ends. The command itself reads the
 * file `input`, by default an empty one.
 */
export function lifelineWords(input = '/dev/null'): string[] {
  return ['/bin/sh', '-c', GUARD, 'sh', input];
}

/** Returns the same words for the sandbox, where the visible files are first compared with those of `view`. */
export function checkedLifelineWords(view: SandboxView, input = '/dev/null'): string[] {
  return ['/bin/sh', '-c', CHECK_FILES + GUARD, 'sh', filesToCheck(view), input];
}
