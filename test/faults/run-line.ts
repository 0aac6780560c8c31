import { type CommandEnd, CommandRun, type CommandSetting } from '../harness/command-run.js';
import type { CommandLine } from './fault-case.js';

/** The end of one command line of a case. */
export interface LineEnd extends CommandEnd {
  /** Ids and command lines of children that outlived the command. */
  readonly orphans: readonly string[];
}

/** Runs a command line of a case. Kills the command with all its children after `setting.hangMs` milliseconds. */
export async function runLine(line: CommandLine, setting: CommandSetting): Promise<LineEnd> {
  const run = new CommandRun({
    ...setting,
    command: [...(line.wrapper ?? []), ...setting.command, ...line.words],
    environment: { ...setting.environment, ...line.environment },
  });
  const during = line.during?.(run);
  // Prevents an unhandled rejection until `during` is awaited below.
  during?.catch(() => {});
  const end = await run.ended;
  const orphans = await run.orphans();
  await during;
  return { ...end, orphans };
}
