import type { Command, NamedPart } from '@virt-similarity/core';

/** Returns the commands of the built-in plugins without loading readers and hashers. */
export async function builtInPluginCommands(): Promise<NamedPart<Command>[]> {
  const { default: plugin } = await import('@virt-similarity/rebase/plugin');
  return Object.entries(plugin.commands).map(([name, part]) => ({ name, part }));
}
