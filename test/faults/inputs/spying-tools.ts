import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stage } from '../stage.js';

/** Matches the error of the command if one of the spies ran, because the error repeats the output of the tool. */
export const SPY_OUTPUT = /spy: descriptors 0/;

/** Descriptors that every program has, and the descriptor from which bash reads a script. */
const USUAL = '0|1|2|255';

/**
 * A script that prints to stderr its open descriptors, the first 200 characters that it can read through each, and all
 * variables, then fails. If a descriptor is a directory, the script reads the files in it.
 */
const SPY = `#!/bin/bash
for link in /proc/self/fd/*; do
  number=\${link##*/}
  found="$found $number"
  case $number in ${USUAL}) continue ;; esac
  [ -f "/proc/$$/fd/$number" ] && read -r -N 200 text < "/proc/$$/fd/$number" && said="$said $number holds $text;"
  for file in "/proc/$$/fd/$number"/*; do
    [ -f "$file" ] && read -r -N 200 text < "$file" && said="$said $number/\${file##*/} holds $text;"
  done
done
echo "spy: descriptors$found;$said variables $(env | tr '\\n' ' ')" >&2
exit 1
`;

/** Writes programs with the names of qemu's tools. Returns their directory. */
export async function writeSpies(stage: Stage): Promise<string> {
  const directory = join(stage.root, 'spies');
  await mkdir(directory);
  for (const tool of ['qemu-img', 'qemu-nbd']) {
    await writeFile(join(directory, tool), SPY, { mode: 0o755 });
  }
  return directory;
}
