import type { OptionValue, OptionValues } from '@virt-similarity/core';
import { didYouMean, excerptOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import { optionValueOf } from '@virt-similarity/core/options';
import { CONFIGURABLE_OPTIONS } from './options/option-table.js';

/** A plugin's module, which is resolved from the directory of the configuration file, and the plugin's options. */
interface ConfiguredModule {
  readonly module: string;
  readonly options: OptionValues;
}

/** The content of the configuration file. */
export interface Configuration {
  /** The path of the file. */
  readonly path: string;
  readonly plugins: readonly ConfiguredModule[];
  /** The option values that apply unless the command line or the environment sets them, by name. */
  readonly defaults: OptionValues;
  /** The values of reporters' options that apply unless the command line sets them, by name; not validated. */
  readonly reports: OptionValues;
}

/**
 * Parses the value of a configuration file: its JSON value, or the default export of a module. The options of plugins
 * and of reports are validated later, because plugins declare them.
 *
 * @throws `usage`, with a message that names the file, if the value is not a valid configuration.
 */
export function parseConfiguration(path: string, value: unknown): Configuration {
  const { plugins = [], reports = {}, ...options } = objectIn(value, `${path}: the file`);
  const defaults: Record<string, OptionValue> = {};
  for (const [name, found] of Object.entries(options)) {
    const declaration = Object.hasOwn(CONFIGURABLE_OPTIONS, name) ? CONFIGURABLE_OPTIONS[name] : undefined;
    if (declaration === undefined) {
      const known = ['plugins', 'reports', ...Object.keys(CONFIGURABLE_OPTIONS)];
      throw new VirtSimilarityError('usage', `${path}: unknown key '${name}'${didYouMean(name, known)}`);
    }
    defaults[name] = optionValueOf(`${path}: ${name}`, declaration, found);
  }
  return {
    path,
    plugins: pluginsIn(plugins, `${path}: plugins`),
    defaults,
    reports: optionsIn(reports, `${path}: reports`),
  };
}

function pluginsIn(value: unknown, subject: string): ConfiguredModule[] {
  if (!Array.isArray(value)) {
    throw unexpected(subject, 'a list of modules', value);
  }
  return value.map((plugin) => {
    const [module, options = {}, ...others]: unknown[] = Array.isArray(plugin) ? plugin : [plugin];
    if (typeof module !== 'string' || module === '' || others.length > 0) {
      throw unexpected(subject, "modules, such as './mine.js' or ['./mine.js', { level: 3 }]", plugin);
    }
    return { module, options: optionsIn(options, `${subject}: the options of ${module}`) };
  });
}

function optionsIn(value: unknown, subject: string): OptionValues {
  const options = objectIn(value, subject);
  const wrong = Object.values(options).find((each) => !isOptionValue(each));
  if (wrong !== undefined) {
    throw unexpected(subject, 'strings, numbers, true, false, or lists of strings', wrong);
  }
  return options as OptionValues;
}

function isOptionValue(value: unknown): boolean {
  const isText = (each: unknown) => typeof each === 'string';
  return ['boolean', 'number', 'string'].includes(typeof value) || (Array.isArray(value) && value.every(isText));
}

function objectIn(value: unknown, subject: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unexpected(subject, 'an object such as { "jobs": 4 }', value);
  }
  return value as Record<string, unknown>;
}

function unexpected(subject: string, expected: string, found: unknown): VirtSimilarityError {
  return new VirtSimilarityError('usage', `${subject}: expected ${expected}, found ${excerptOf(found)}`);
}
