import { dirname } from 'node:path';
import type {
  Analyzer,
  ConfiguredPlugin,
  IsolationLimits,
  Logger,
  NamedPart,
  OptionValues,
  Plugin,
  Reporter,
  ReportOption,
  ReportOptions,
} from '@virt-similarity/core';
import { didYouMean, VirtSimilarityError } from '@virt-similarity/core/errors';
import { type Command, CommanderError } from '../commander.js';
import type { CommandContext } from '../commands/command-context.js';
import { configurationPath, loadConfiguration } from '../configuration.js';
import type { Configuration } from '../parse-configuration.js';
import { chooseCommand } from './choose-command.js';
import { type CommandName, defineCommands } from './commands.js';
import { namedSources } from './named-sources.js';
import { collectReportOptions } from './report-options.js';
import { requireEffect } from './require-effect.js';
import { scanArguments } from './scan-arguments.js';
import { DEFAULT_PLUGIN_TIMEOUT, parseSeconds } from './seconds.js';

/** A plugin, and what the configuration file gives for its options. */
interface LoadedPlugin {
  readonly plugin: Plugin;
  readonly options: OptionValues;
}

/** What the command line asks for: a text such as the help, or a command and what it is given. */
export type Invocation =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'command';
      readonly command: CommandName;
      readonly context: Omit<CommandContext, 'messages' | 'signal'>;
    };

/**
 * Reads the command line and the configuration file.
 *
 * Plugins are loaded first, because their reporters' options are options of the command. Throws `CommanderError` on
 * what commander refuses, and `VirtSimilarityError` on the rest.
 */
export async function readCommandLine(
  words: readonly string[],
  directory: string,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
  logger: Logger,
): Promise<Invocation> {
  const configuration = await loadConfiguration(configurationPath(environment));
  const limits = { pluginTimeout: pluginTimeout(words, configuration), signal };
  const loaded = await loadPlugins(configuration, valuesOf('--plugin', words), directory, limits);
  const plugins = withOptions(loaded, valuesOf('--plugin-option', words));
  const analyzer = once(async () => (await import('../composition.js')).composeAnalyzer(plugins, logger));
  const reporters = plugins.length > 0 ? (await analyzer()).reporters : await ownReporters();

  const reportOptions = collectReportOptions(reporters, optionNames(defineCommands([]).analyze));
  const commands = defineCommands(reportOptions);
  const chosen = chooseCommand(words, commands.analyze.options);
  const command = commands[chosen.command];
  if (configuration !== undefined) {
    applyDefaults(command, configuration);
  }
  const text = parse(command, chosen.words);
  if (text !== undefined) {
    return { kind: 'text', text };
  }
  const scanned = scanArguments(chosen.words, command.options);
  requireEffect(scanned, chosen.command === 'cache' ? 'operands' : 'images');
  const options = command.opts();
  return {
    kind: 'command',
    command: chosen.command,
    context: {
      options,
      reportOptions: givenReportOptions(command, reportOptions),
      sources: namedSources(scanned),
      operands: command.args,
      analyzer,
    },
  };
}

function valuesOf(long: string, words: readonly string[]): string[] {
  return scanArguments(words, defineCommands([]).analyze.options).flatMap((argument) =>
    argument.kind === 'option' && argument.option.long === long ? (argument.value ?? []) : [],
  );
}

/** Seconds that plugins have for loading; the default where what was said is to be refused later. */
function pluginTimeout(words: readonly string[], configuration: Configuration | undefined): number {
  const said = valuesOf('--plugin-timeout', words).at(-1) ?? configuration?.defaults['plugin-timeout'];
  return parseSeconds(String(said)) ?? DEFAULT_PLUGIN_TIMEOUT;
}

/** Loads each module once, however often it is named; what the configuration file names is looked for beside it. */
async function loadPlugins(
  configuration: Configuration | undefined,
  named: readonly string[],
  directory: string,
  limits: IsolationLimits,
): Promise<LoadedPlugin[]> {
  const configured = configuration?.plugins ?? [];
  if (configured.length + named.length === 0) {
    return [];
  }
  const { loadPlugin } = await import('../plugins/load-plugin.js');
  const home = dirname(configuration?.path ?? '');
  const loaded = await Promise.all([
    ...configured.map(async ({ module, options }) => ({ plugin: await loadPlugin(module, home, limits), options })),
    ...named.map(async (module) => ({ plugin: await loadPlugin(module, directory, limits), options: {} })),
  ]);
  return loaded.filter(({ plugin }, index) => loaded.findIndex((other) => other.plugin.url === plugin.url) === index);
}

/** Adds the options that the command line gives, each as PLUGIN.OPTION=VALUE; several values of one are a list. */
function withOptions(loaded: readonly LoadedPlugin[], given: readonly string[]): ConfiguredPlugin[] {
  const options = new Map(loaded.map(({ plugin, options }) => [plugin.name, { ...options }]));
  const fromCommandLine = new Map<string, string[]>();
  for (const text of given) {
    const [, path = '', value] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    const dot = path.lastIndexOf('.');
    if (value === undefined || dot < 1 || dot === path.length - 1) {
      const expected = 'expected PLUGIN.OPTION=VALUE with the name of a loaded plugin';
      throw new VirtSimilarityError('usage', `--plugin-option: ${expected}, found '${text}'`);
    }
    const own = options.get(path.slice(0, dot));
    if (own === undefined) {
      const known = [...options.keys()];
      const expected = known.length === 0 ? 'no plugin is loaded' : `expected one of ${known.join(', ')}`;
      const problem = `unknown plugin '${path.slice(0, dot)}': ${expected}${didYouMean(path.slice(0, dot), known)}`;
      throw new VirtSimilarityError('usage', `--plugin-option: ${problem}`);
    }
    const values = [...(fromCommandLine.get(path) ?? []), value];
    fromCommandLine.set(path, values);
    own[path.slice(dot + 1)] = values.length === 1 ? value : values;
  }
  return loaded.map(({ plugin }) => [plugin, options.get(plugin.name) ?? {}]);
}

/** The project's own reporters: enough to know the options, without loading readers and hashers for `--help`. */
async function ownReporters(): Promise<NamedPart<Reporter>[]> {
  const { default: plugin } = await import('@virt-similarity/reporters');
  return Object.entries(plugin.reporters).map(([name, Own]) => ({ name, part: new Own() }));
}

function optionNames(command: Command): ReadonlySet<string> {
  return new Set(['help', ...command.options.map((option) => option.long?.replace(/^--/, '') ?? '')]);
}

function applyDefaults(command: Command, configuration: Configuration): void {
  for (const [name, value] of Object.entries(configuration.defaults)) {
    const option = command.options.find(({ long }) => long === `--${name}` || long === `--no-${name}`);
    if (option !== undefined) {
      command.setOptionValueWithSource(option.attributeName(), value, 'config');
    }
  }
}

/** Has commander parse the words; the text that they ask for, if that is all they do. */
function parse(command: Command, words: readonly string[]): string | undefined {
  let text = '';
  command.configureOutput({
    writeOut: (piece) => {
      text += piece;
    },
  });
  try {
    command.parse(words, { from: 'user' });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      return text;
    }
    throw error;
  }
}

function givenReportOptions(command: Command, known: readonly ReportOption[]): ReportOptions {
  const given: Record<string, string | true> = {};
  for (const { name } of known) {
    const option = command.options.find(({ long }) => long === `--${name}`);
    const value: string | true | undefined = option && command.getOptionValue(option.attributeName());
    if (value !== undefined) {
      given[name] = value;
    }
  }
  return given;
}

function once(make: () => Promise<Analyzer>): () => Promise<Analyzer> {
  let made: Promise<Analyzer> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
