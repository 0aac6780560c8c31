import { fileURLToPath } from 'node:url';
import { EXIT_DONE } from '../exit-codes.js';
import { table } from '../output/table.js';
import { writeStdout } from '../output/write-stdout.js';
import type { CommandContext } from './command-context.js';

/** Prints what is registered: kind, name, plugin, and the module that it came from. */
export async function plugins(context: CommandContext): Promise<number> {
  const { registrations } = await context.analyzer();
  const rows = registrations.map(({ kind, name, plugin, url }) => [kind, name, plugin, moduleOf(url)]);
  rows.sort(([one = ''], [other = '']) => one.localeCompare(other, 'en'));
  await writeStdout(table([['KIND', 'NAME', 'PLUGIN', 'MODULE'], ...rows]));
  return EXIT_DONE;
}

function moduleOf(url: string | undefined): string {
  if (url === undefined) {
    return '-';
  }
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}
