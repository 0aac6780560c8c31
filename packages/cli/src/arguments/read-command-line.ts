import { dirname } from 'node:path';
import type { Analyzer, IsolationLimits, Plugin, Reporter, ReportOption, ReportOptions } from '@virt-similarity/core';
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
): Promise<Invocation> {
  const configuration = await loadConfiguration(configurationPath(environment));
  const limits = { pluginTimeout: pluginTimeout(words, configuration), signal };
  const plugins = await loadPlugins(configuration, valuesOf('--plugin', words), directory, limits);
  const analyzer = once(async () => (await import('../composition.js')).composeAnalyzer(plugins));
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
): Promise<Plugin[]> {
  const configured = configuration?.plugins ?? [];
  if (configured.length + named.length === 0) {
    return [];
  }
  const { loadPlugin } = await import('../plugins/load-plugin.js');
  const home = dirname(configuration?.path ?? '');
  const plugins = await Promise.all([
    ...configured.map((specifier) => loadPlugin(specifier, home, limits)),
    ...named.map((specifier) => loadPlugin(specifier, directory, limits)),
  ]);
  return plugins.filter(({ url }, index) => plugins.findIndex((plugin) => plugin.url === url) === index);
}

/** The project's own reporters: enough to know the options, without loading readers and hashers for `--help`. */
async function ownReporters(): Promise<Reporter[]> {
  const { default: plugin } = await import('@virt-similarity/reporters');
  return plugin.reporters.map((Own) => new Own());
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
