import type { Flag, ValueCompletion } from '../options/flags.js';
import type { NameKind } from '../options/option-table.js';

/** The program's name, which the scripts complete. */
export const PROGRAM = 'virt-similarity';

/** A command, as completion scripts need it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  /** Whether this command runs when the command line names no command. */
  readonly isDefault: boolean;
  readonly flags: readonly Flag[];
  /** What its operands can be: `files`, `none`, or a list of the only possible values. */
  readonly operands: 'files' | 'none' | readonly string[];
}

/** The names that can be values of options, by kind. */
export type KnownNames = Readonly<Record<NameKind, readonly string[]>>;

/** Returns the possible values of a flag; `undefined` if they are files or directories, or are not known. */
export function valuesOf(completion: ValueCompletion | undefined, names: KnownNames): readonly string[] | undefined {
  if (completion?.kind === 'values') {
    return completion.values;
  }
  return completion?.kind === 'names' ? names[completion.of] : undefined;
}

/** Returns a word in single quotes for a POSIX shell or zsh. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
