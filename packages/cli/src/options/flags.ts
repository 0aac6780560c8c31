import type { OptionDeclaration, OptionDeclarations, OptionValue } from '@virt-similarity/core';
import { formatSize } from '@virt-similarity/core/options';
import type { NameKind, OwnOption } from './option-table.js';

/** A flag of the command line. */
export interface Flag {
  /** Name of the option that it sets. */
  readonly name: string;
  /** Long form, such as `--output`. */
  readonly long: string;
  /** Short form, such as `-o`. */
  readonly short?: string;
  readonly takesValue: boolean;
  /** Whether a further value is added to the earlier ones instead of replacing them. */
  readonly isRepeated: boolean;
  /**
   * The text to put before the flag's value to get the name of an image, such as `libvirt:`; set if the flag names
   * images.
   */
  readonly images?: string;
  /** Whether its value is a file with a list of images. */
  readonly lists?: true;
  /** Name of the value in help texts; empty if the flag takes none. */
  readonly placeholder: string;
  /** What a shell can complete the value with: the values themselves, names of parts, or names of files. */
  readonly completion?: ValueCompletion;
  /** One line for the help. */
  readonly help: string;
  /** Whether the help omits it, because it only cancels what the configuration sets. */
  readonly isHidden?: true;
}

/** What a shell can complete a value with. */
export type ValueCompletion =
  | { readonly kind: 'values'; readonly values: readonly string[] }
  | { readonly kind: 'names'; readonly of: NameKind }
  | { readonly kind: 'files' | 'directories' };

/** Flags whose purposes belong together. */
export interface FlagGroup {
  readonly title: string;
  readonly flags: readonly Flag[];
}

/**
 * Returns the flags of options. A switch has the flag `--NAME`, or `--no-NAME` if its default is true. A switch that
 * can be configured has both flags, so that the command line can cancel the configuration. Any other option has the
 * flag `--NAME`, and also `--no-NAME` if it declares a `negation`.
 */
export function flagsOf(options: OptionDeclarations): Flag[] {
  return Object.entries(options).flatMap(([name, declaration]) => {
    const { type, short, description, images, lists, configurable }: OwnOption = declaration;
    const isSwitch = type === 'boolean';
    const negation = 'negation' in declaration ? declaration.negation : undefined;
    const negated = { name, long: `--no-${name}`, takesValue: false, isRepeated: false, placeholder: '' };
    if (isSwitch && declaration.default === true) {
      const usual = { ...negated, long: `--${name}`, help: `${description} (the default)`, isHidden: true } as const;
      return [{ ...negated, help: negation ?? description }, ...(configurable ? [usual] : [])];
    }
    const completion = completionOf(declaration);
    const flag = {
      name,
      long: `--${name}`,
      ...(short === undefined ? {} : { short: `-${short}` }),
      takesValue: !isSwitch,
      isRepeated: type === 'strings' || type === 'files',
      ...(images === undefined ? {} : { images }),
      ...(lists === undefined ? {} : { lists }),
      placeholder: declaration.placeholder ?? PLACEHOLDERS[type],
      ...(completion === undefined ? {} : { completion }),
      help: `${description}${notesOn(declaration)}`,
    };
    if (isSwitch) {
      const help = `cancel --${name} of the configuration`;
      return configurable ? [flag, { ...negated, help, isHidden: true }] : [flag];
    }
    return negation === undefined ? [flag] : [flag, { ...negated, help: negation }];
  });
}

function completionOf(declaration: OwnOption): ValueCompletion | undefined {
  const { type, names, placeholder } = declaration;
  if (type === 'enum') {
    return { kind: 'values', values: declaration.values };
  }
  if (names !== undefined) {
    return { kind: 'names', of: names };
  }
  if (type === 'file' || type === 'files') {
    return { kind: placeholder === 'dir' ? 'directories' : 'files' };
  }
  return undefined;
}

const PLACEHOLDERS: Readonly<Record<OptionDeclaration['type'], string>> = {
  boolean: '',
  number: 'number',
  size: 'size',
  seconds: 'seconds',
  string: 'text',
  name: 'name',
  file: 'file',
  enum: 'value',
  strings: 'text',
  files: 'file',
};

/**
 * Returns the text after an option's description in the help: the possible values, whether the option can be repeated,
 * and the default; empty if there is nothing to note.
 */
function notesOn(declaration: OptionDeclaration): string {
  const { type } = declaration;
  const notes: string[] = [];
  if (type === 'enum') {
    notes.push(declaration.values.join(', '));
  }
  if (type === 'strings' || type === 'files') {
    notes.push('may be repeated');
  }
  if (type !== 'boolean' && declaration.default !== undefined) {
    notes.push(`default: ${type === 'size' ? formatSize(declaration.default) : textOf(declaration.default)}`);
  }
  return notes.length === 0 ? '' : ` (${notes.join('; ')})`;
}

function textOf(value: OptionValue): string {
  return Array.isArray(value) ? value.join(', ') : String(value);
}
