import type { OptionDeclaration, OptionDeclarations, OptionValue } from '@virt-similarity/core';
import { formatSize } from '@virt-similarity/core/options';

/** A flag of the command line. */
export interface Flag {
  /** Name of the option that it gives a value to. */
  readonly name: string;
  /** Such as `--output`. */
  readonly long: string;
  /** Such as `-o`. */
  readonly short?: string;
  readonly takesValue: boolean;
  /** Whether each value is added to those before instead of replacing them. */
  readonly isRepeated: boolean;
  /** What help texts call the value. */
  readonly placeholder: string;
  /** One line for the help. */
  readonly help: string;
}

/** The flags of options: one each, two for an option that can also be negated. */
export function flagsOf(options: OptionDeclarations): Flag[] {
  return Object.entries(options).flatMap(([name, declaration]) => {
    const { type, short, description } = declaration;
    const isSwitch = type === 'boolean';
    const negation = 'negation' in declaration ? declaration.negation : undefined;
    const negated = { name, long: `--no-${name}`, takesValue: false, isRepeated: false, placeholder: '' };
    if (isSwitch && declaration.default === true) {
      return [{ ...negated, help: negation ?? description }];
    }
    const flag = {
      name,
      long: `--${name}`,
      ...(short === undefined ? {} : { short: `-${short}` }),
      takesValue: !isSwitch,
      isRepeated: type === 'strings' || type === 'files',
      placeholder: declaration.placeholder ?? PLACEHOLDERS[type],
      help: `${description}${notesOn(declaration)}`,
    };
    return negation === undefined || isSwitch ? [flag] : [flag, { ...negated, help: negation }];
  });
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

/** What the help says beyond the description: the possible values, whether it may be repeated, the default. */
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
