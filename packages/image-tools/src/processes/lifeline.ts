import { CHECK_FILES, filesToCheck, type SandboxView } from './sandbox.js';

/**
 * Runs `"$@"` until standard input ends. Nothing is written to it, and only this process holds its other end, so the
 * program ends with this process, whenever and however this process ends.
 *
 * A death signal (`prctl`, which setpriv and bwrap set) is lost if the parent dies before it is set; the program that
 * was being started would then run forever.
 */
const GUARD = `
exec 3<&0
"$@" 3<&- </dev/null &
program=$!
exec >&- 2>&-
{ read -r _ <&3; kill -KILL $program; } &
watcher=$!
wait $program
status=$?
kill $watcher
exit $status
`;

/** The words before a command that tie its life to its standard input. The command itself reads an empty input. */
export const LIFELINE_WORDS: readonly string[] = ['/bin/sh', '-c', GUARD, 'sh'];

/** Returns the same words for the sandbox, where the files of `view` are first compared with those present. */
export function checkedLifelineWords(view: SandboxView): string[] {
  return ['/bin/sh', '-c', CHECK_FILES + GUARD, 'sh', filesToCheck(view)];
}
