import { type CommandEnd, CommandRun, type CommandSetting } from '../harness/command-run.js';
import type { CommandLine } from './fault-case.js';

/** How one command line of a case ended. */
export interface LineEnd extends CommandEnd {
  /** Ids and command lines of children that outlived the command. */
  readonly orphans: readonly string[];
}

/** Runs a command line of a case to its end, or kills it with all its children when its time is over. */
export async function runLine(line: CommandLine, setting: CommandSetting): Promise<LineEnd> {
  const run = new CommandRun({
    ...setting,
    command: [...(line.wrapper ?? []), ...setting.command, ...line.words],
    environment: { ...setting.environment, ...line.environment },
  });
  const during = line.during?.(run);
  // It is awaited below; until then, nothing handles its failure.
  during?.catch(() => {});
  const end = await run.ended;
  const orphans = await run.orphans();
  await during;
  return { ...end, orphans };
}
