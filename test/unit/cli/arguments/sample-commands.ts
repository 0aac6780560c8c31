import type { Command, NamedPart, OptionDeclarations } from '@virt-similarity/core';
import { flagsOfCommand, type KnownCommand, knownCommands } from '#cli/arguments/known-commands.js';
import type { Flag } from '#cli/options/flags.js';

/** A plugin's command for tests. */
export function commandOf(name: string, more: Partial<Command> = {}): NamedPart<Command> {
  return { name, part: { summary: `does ${name}`, run: () => 0, ...more } };
}

/** A command by its name, with an option of a reporter. */
export function knownCommand(name: string, reportOptions: OptionDeclarations = {}): KnownCommand {
  return knownCommands(reportOptions).find((command) => command.name === name)!;
}

/** The flags of one of this program's commands. */
export function flagsOfNamed(name: string): Flag[] {
  return flagsOfCommand(knownCommand(name));
}
