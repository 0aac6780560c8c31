import type { OptionDeclarations, OptionValue } from '@virt-similarity/core';
import { closestOf } from '@virt-similarity/core/errors';
import { optionValueOf, readOptionValue } from '@virt-similarity/core/options';
import { CONFIGURABLE_OPTIONS } from './options/option-table.js';
import type { Configuration } from './parse-configuration.js';

/** The value of an option, and where it was set. */
export interface Setting {
  readonly value: OptionValue;
  readonly origin: Origin;
}

/** Where a value was set; `name` is the flag, the variable, or the path of the file. */
export type Origin =
  | { readonly kind: 'flag' | 'environment' | 'file'; readonly name: string }
  | { readonly kind: 'default' };

/** Settings by the option's name. */
export type Settings = ReadonlyMap<string, Setting>;

const PREFIX = 'VIRT_SIMILARITY_';
/** The variable that names the configuration file. */
export const CONFIGURATION_VARIABLE = `${PREFIX}CONFIG`;

/** Returns the environment variable that sets a configurable option: `VIRT_SIMILARITY_BLOCK_SIZE` for `block-size`. */
export function variableOf(name: string): string {
  return PREFIX + name.replaceAll('-', '_').toUpperCase();
}

/**
 * Returns the settings of the environment and of the configuration file. If both set an option, the environment
 * applies. An empty variable counts as not set.
 *
 * @throws `usage` for a value that is not valid.
 */
export function settingsOf(environment: NodeJS.ProcessEnv, configuration: Configuration | undefined): Settings {
  const settings = new Map<string, Setting>();
  for (const [name, value] of Object.entries(configuration?.defaults ?? {})) {
    settings.set(name, { value, origin: { kind: 'file', name: configuration!.path } });
  }
  for (const [name, declaration] of Object.entries(CONFIGURABLE_OPTIONS)) {
    const variable = variableOf(name);
    const text = environment[variable];
    if (text) {
      // `false` turns off what can be turned off, such as the cache.
      const given = text === 'false' ? false : text;
      const value = readOptionValue(declaration, given) ?? optionValueOf(variable, declaration, text);
      settings.set(name, { value, origin: { kind: 'environment', name: variable } });
    }
  }
  return settings;
}

/** Returns a warning for each unknown variable `VIRT_SIMILARITY_…` whose name resembles that of a known variable. */
export function mistypedVariables(environment: NodeJS.ProcessEnv): string[] {
  const known = [CONFIGURATION_VARIABLE, ...Object.keys(CONFIGURABLE_OPTIONS).map(variableOf)];
  return Object.keys(environment).flatMap((variable) => {
    if (!variable.startsWith(PREFIX) || known.includes(variable)) {
      return [];
    }
    // Compared without the prefix, which would make all names similar.
    const meant = closestOf(
      variable.slice(PREFIX.length),
      known.map((each) => each.slice(PREFIX.length)),
    );
    return meant === undefined
      ? []
      : `the environment variable ${variable} has no effect; did you mean '${PREFIX}${meant}'?`;
  });
}

/**
 * Returns the settings of a command's options: validated values from the command line, else from the environment or the
 * configuration file, else the defaults. An option without any of these is absent.
 *
 * @throws `usage` for a value that is not valid.
 */
export function completeSettings(
  declared: OptionDeclarations,
  given: Readonly<Record<string, unknown>>,
  configured: Settings,
): Settings {
  const settings = new Map<string, Setting>();
  for (const [name, declaration] of Object.entries(declared)) {
    if (given[name] !== undefined) {
      const flag = `--${name}`;
      settings.set(name, {
        value: optionValueOf(flag, declaration, given[name]),
        origin: { kind: 'flag', name: given[name] === false ? `--no-${name}` : flag },
      });
      continue;
    }
    const found = configured.get(name);
    // `cache: false` in the configuration: commands that maintain the cache use the default directory.
    const isOff = found?.value === false && readOptionValue(declaration, false) === undefined;
    if (found !== undefined && !isOff) {
      const value = optionValueOf(subjectOf(name, found.origin), declaration, found.value);
      settings.set(name, { value, origin: found.origin });
    } else if (declaration.default !== undefined) {
      settings.set(name, { value: declaration.default, origin: { kind: 'default' } });
    }
  }
  return settings;
}

function subjectOf(option: string, origin: Origin): string {
  return origin.kind === 'file' ? `${origin.name}: ${option}` : 'name' in origin ? origin.name : option;
}
