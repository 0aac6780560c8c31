import type { Command, NamedPart, OptionDeclarations } from '@virt-similarity/core';
import { flagsOfCommand, type KnownCommand, knownCommands } from '#cli/arguments/known-commands.js';
import type { Flag } from '#cli/options/flags.js';

/** Returns a plugin's command for tests. */
export function commandOf(name: string, more: Partial<Command> = {}): NamedPart<Command> {
  return { name, part: { summary: `does ${name}`, run: () => 0, ...more } };
}

/** Returns a built-in command by name, for reporters with these options. */
export function knownCommand(name: string, reportOptions: OptionDeclarations = {}): KnownCommand {
  return knownCommands(reportOptions).find((command) => command.name === name)!;
}

/** Returns the flags of a built-in command. */
export function flagsOfNamed(name: string): Flag[] {
  return flagsOfCommand(knownCommand(name));
}
