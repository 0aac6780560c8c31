import { CHECK_FILES, filesToCheck, type SandboxView } from './sandbox.js';

/**
 * Runs `"$@"` for as long as standard input lasts, on which nothing comes: the other end is held by this process alone,
 * so that the program ends with it however it ends, and at whatever moment.
 *
 * A death signal (`prctl`, which setpriv and bwrap set) is lost where the parent dies before it is set, and what was
 * being started then goes on for ever.
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

/** The words that, before a command, tie its life to its standard input. It reads nothing itself. */
export const LIFELINE_WORDS: readonly string[] = ['/bin/sh', '-c', GUARD, 'sh'];

/** The same in the sandbox, where the files of `view` are first compared with what is there. */
export function checkedLifelineWords(view: SandboxView): string[] {
  return ['/bin/sh', '-c', CHECK_FILES + GUARD, 'sh', filesToCheck(view)];
}
