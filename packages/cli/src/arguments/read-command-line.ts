import type {
  Analyzer,
  ConfiguredPlugin,
  IsolationLimits,
  Logger,
  NamedPart,
  OptionDeclarations,
  OptionValue,
  OptionValues,
  Reporter,
} from '@virt-similarity/core';
import { didYouMean, VirtSimilarityError } from '@virt-similarity/core/errors';
import { optionValueOf, readOptionValue } from '@virt-similarity/core/options';
import { CommanderError } from '../commander.js';
import type { BuiltInContext } from '../commands/built-in-command.js';
import { configurationPath, loadConfiguration, loadNamedConfiguration } from '../configuration.js';
import { COMMON_OPTIONS, type IMAGE_OPTIONS } from '../options/option-table.js';
import type { Configuration } from '../parse-configuration.js';
import { CONFIGURATION_VARIABLE, completeSettings, mistypedVariables, type Settings, settingsOf } from '../settings.js';
import { builtInPluginCommands } from './built-in-plugin-commands.js';
import { allFlags, chooseCommand } from './choose-command.js';
import { helpEpilogue } from './help-texts.js';
import { describedCommand, flagsOfCommand, type KnownCommand, knownCommands } from './known-commands.js';
import { namedSources } from './named-sources.js';
import { type ParsedWords, parseWords } from './parse-words.js';
import { refusal } from './refusal.js';
import { collectReportOptions } from './report-options.js';
import { requireEffect } from './require-effect.js';
import { requireOperands } from './require-operands.js';
import { type ScannedArgument, scanArguments } from './scan-arguments.js';

/** The parsed command line: a text to print, such as the help, or a command with its context. */
export type Invocation =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'command';
      readonly command: KnownCommand;
      readonly context: Omit<BuiltInContext, 'options' | 'log' | 'messages' | 'signal' | 'write' | 'writeTable'> & {
        readonly options: OptionValues;
      };
    };

/**
 * Reads the command line and the configuration file. Warns about environment variables whose names look mistyped.
 *
 * Plugins are loaded before the words are parsed, because they add commands, and options through their reporters.
 *
 * @throws `usage` if the command line, an environment variable or the configuration file is not valid; `refused` if
 *   other users can change the configuration file; the errors of `loadPlugins` and `createAnalyzer`; `plugin` if a
 *   command or an option of a plugin cannot be used.
 */
export async function readCommandLine(
  words: readonly string[],
  directory: string,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
  logger: Logger,
): Promise<Invocation> {
  for (const warning of mistypedVariables(environment)) {
    logger.note('warning', warning);
  }
  const scannedFirst = scanWords(words);
  const configuration = await configurationOf(scannedFirst, directory, environment);
  const settings = settingsOf(environment, configuration);
  const pluginTimeout = pluginTimeoutOf(scannedFirst, settings);
  const plugins = await namedPlugins(scannedFirst, configuration, directory, { pluginTimeout, signal });
  const connect = givenValue(scannedFirst, settings, 'connect');
  const analyzer = once(async () =>
    (await import('../composition.js')).composeAnalyzer({ plugins, pluginTimeout, logger }, connect),
  );
  const commands = await commandsWith(plugins.length === 0 ? undefined : await analyzer());
  const chosen = chooseCommand(words, commands);
  const { command } = chosen;
  const parsed = parsedBy(command, chosen.words, commands);
  if ('text' in parsed) {
    return { kind: 'text', text: parsed.text };
  }
  const scanned = scanArguments(chosen.words, flagsOfCommand(command));
  requireEffect(scanned);
  requireOperands(command, parsed.operands);
  const complete = completeSettings(command.options, parsed.given, settings);
  return {
    kind: 'command',
    command,
    context: {
      options: Object.fromEntries([...complete].map(([name, { value }]) => [name, value])),
      settings: complete,
      configuration,
      reportOptions: givenOptions(command.reportOptions, parsed.given),
      reportDefaults: command.builtIn?.takesReportOptions ? reportDefaults(configuration, command.reportOptions) : {},
      sources: namedSources(scanned),
      operands: parsed.operands,
      commands: commands.map(describedCommand),
      analyzer,
    },
  };
}

/** @throws `usage` if commander refuses the words. */
function parsedBy(command: KnownCommand, words: readonly string[], commands: readonly KnownCommand[]): ParsedWords {
  try {
    return parseWords(command, words, helpEpilogue(command, commands));
  } catch (error) {
    const refused = error instanceof VirtSimilarityError ? error.cause : error;
    throw refused instanceof CommanderError ? refusal(refused, command, commands, error) : error;
  }
}

/** Scans the words with the options that are known before plugins are loaded. */
export function scanWords(words: readonly string[]): ScannedArgument[] {
  return scanArguments(words, allFlags(knownCommands({})));
}

async function namedPlugins(
  scanned: readonly ScannedArgument[],
  configuration: Configuration | undefined,
  directory: string,
  limits: IsolationLimits,
): Promise<ConfiguredPlugin[]> {
  const named = { modules: valuesOf(scanned, 'plugin'), options: valuesOf(scanned, 'plugin-option') };
  if ((configuration?.plugins ?? []).length + named.modules.length + named.options.length === 0) {
    return [];
  }
  const { loadPlugins } = await import('../plugins/load-plugins.js');
  return loadPlugins(configuration, named, directory, limits);
}

/**
 * Loads the configuration file that the command line names, or else the one that the environment names, or else the
 * user's file. Returns `undefined` for `--no-config`, or if no file is named and the user has none.
 *
 * @throws as `loadNamedConfiguration` and `loadConfiguration`.
 */
async function configurationOf(
  scanned: readonly ScannedArgument[],
  directory: string,
  environment: NodeJS.ProcessEnv,
): Promise<Configuration | undefined> {
  const flag = scanned.findLast((argument) => argument.kind === 'option' && argument.flag.name === 'config');
  if (flag?.kind === 'option' && !flag.flag.takesValue) {
    return undefined;
  }
  const named = flag?.value ?? environment[CONFIGURATION_VARIABLE];
  return named ? loadNamedConfiguration(named, directory) : loadConfiguration(configurationPath(environment));
}

/**
 * Returns the time limit for plugins in seconds. Plugins are loaded before the command line is parsed, so the value has
 * not been checked yet. For an invalid value, returns the default. Such a value is refused when all options are
 * checked.
 */
function pluginTimeoutOf(scanned: readonly ScannedArgument[], settings: Settings): number {
  const timeout = COMMON_OPTIONS['plugin-timeout'];
  const given = givenValue(scanned, settings, 'plugin-timeout');
  return Number(readOptionValue(timeout, given) ?? timeout.default);
}

/** Returns the unchecked value of an option on the command line, or else its value in `settings`. */
function givenValue(
  scanned: readonly ScannedArgument[],
  settings: Settings,
  name: keyof typeof COMMON_OPTIONS | keyof typeof IMAGE_OPTIONS,
): OptionValue | undefined {
  return valuesOf(scanned, name).at(-1) ?? settings.get(name)?.value;
}

function valuesOf(scanned: readonly ScannedArgument[], name: string): string[] {
  return scanned.flatMap((argument) =>
    argument.kind === 'option' && argument.flag.name === name ? (argument.value ?? []) : [],
  );
}

/** Returns all commands, including those of plugins. Without an analyzer, only the built-in reporters add options. */
async function commandsWith(analyzer: Analyzer | undefined): Promise<KnownCommand[]> {
  const [{ options: taken }] = knownCommands({}) as [KnownCommand];
  const reporters = analyzer?.reporters ?? (await builtInReporters());
  return knownCommands(collectReportOptions(reporters, taken), analyzer?.commands ?? (await builtInPluginCommands()));
}

/** Returns the built-in reporters, whose options `--help` lists. Does not load readers and hashers. */
async function builtInReporters(): Promise<NamedPart<Reporter>[]> {
  const { default: plugin } = await import('@virt-similarity/reporters');
  return Object.entries(plugin.reporters).map(([name, Own]) => ({ name, part: new Own() }));
}

/** Returns the validated values of the declared options that the command line sets. */
function givenOptions(declared: OptionDeclarations, given: Readonly<Record<string, unknown>>): OptionValues {
  const names = Object.keys(declared).filter((name) => given[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, optionValueOf(`--${name}`, declared[name]!, given[name])]));
}

/**
 * Returns the validated values of reporters' options that the configuration file sets.
 *
 * @throws `usage` if no reporter has such an option, or for an invalid value.
 */
function reportDefaults(configuration: Configuration | undefined, declared: OptionDeclarations): OptionValues {
  const values = Object.entries(configuration?.reports ?? {}).map(([name, value]) => {
    const subject = `${configuration!.path}: reports`;
    if (!Object.hasOwn(declared, name)) {
      throw new VirtSimilarityError(
        'usage',
        `${subject}: unknown option '${name}'${didYouMean(name, Object.keys(declared))}`,
      );
    }
    return [name, optionValueOf(`${subject}: ${name}`, declared[name]!, value)];
  });
  return Object.fromEntries(values);
}

function once(create: () => Promise<Analyzer>): () => Promise<Analyzer> {
  let created: Promise<Analyzer> | undefined;
  return () => {
    created ??= create();
    return created;
  };
}
