import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Command, type CommandContext, createAnalyzer, VirtSimilarityError } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import reporters from '@virt-similarity/reporters';
import { type CommandCase, commandContract, MemoryDisksPlugin } from '@virt-similarity/testing';
import { describedCommand, knownCommands } from '#cli/arguments/known-commands.js';
import type { BuiltInCommand, BuiltInContext } from '#cli/commands/built-in-command.js';
import { COMMANDS } from '#cli/commands/command-index.js';
import { COMMON_OPTIONS } from '#cli/options/option-table.js';

const TITLES = {
  texts: 'has a summary, usage and description that fit a help text',
  options: 'describes its options, with defaults that are valid',
  operands: 'declares valid limits for its operands',
  exitCode: 'returns an exit code from 0 to 255',
  output: 'prints only results and messages',
  written: 'ends only after its results are written',
  unwritable: 'fails if its results cannot be written',
  repetition: 'returns the same exit code and results each time',
  unchanged: 'does not change its options and operands',
  interruption: 'ends when it is interrupted, before it starts or while it runs',
};

const DISKS = { 'memory:a': new Uint8Array(1024).fill(1), 'memory:b': new Uint8Array(1024).fill(2) };
const PATHS = Object.keys(DISKS);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'command-contract-'));
});
afterAll(() => rm(directory, { recursive: true }));

const analyzer = () => createAnalyzer({ plugins: [new MemoryDisksPlugin(DISKS), hashers, reporters] });

/** Adapts a built-in command to the plugin interface: adds to its context what only built-in commands receive. */
function asCommand({ run, ...command }: BuiltInCommand): Command {
  const defaults = Object.entries(COMMON_OPTIONS).flatMap(([name, declaration]) =>
    'default' in declaration ? [[name, declaration.default]] : [],
  );
  return {
    ...command,
    run: ({ options, messages, operands, ...context }) => {
      const failure = ({ message }: Error): void => messages.warning(message);
      return run({
        ...context,
        operands,
        options: { ...Object.fromEntries(defaults), ...options },
        messages: { ...messages, verbosity: 'normal', progress: 'none', status: () => {}, event: () => {}, failure },
        log: undefined,
        settings: new Map(),
        configuration: undefined,
        sources: command.takesReportOptions || command.name === 'hash' ? operands.map((path) => ({ path })) : [],
        reportOptions: {},
        commands: knownCommands({}).map(describedCommand),
      } as unknown as BuiltInContext);
    },
  };
}

const CASES: Readonly<Record<string, () => Promise<CommandCase>>> = {
  analyze: async () => ({
    operands: PATHS,
    options: { cache: false, 'block-size': 512, 'output-format': 'newick' },
    analyzer: analyzer(),
  }),
  hash: async () => {
    const output = await mkdtemp(join(directory, 'vectors-'));
    return { operands: PATHS, options: { cache: false, 'block-size': 512, output }, analyzer: analyzer() };
  },
  plugins: async () => ({ analyzer: analyzer() }),
  cache: async () => ({
    operands: ['list'],
    options: { cache: join(directory, 'cache') },
    analyzer: analyzer(),
  }),
  config: async () => ({ analyzer: analyzer() }),
  completion: async () => ({ operands: ['bash'], analyzer: analyzer() }),
  doctor: async () => ({ analyzer: analyzer() }),
};

/** Each run of this command prints the path of a new page, so the results of runs differ. */
const RANDOM = 'view';

for (const own of COMMANDS.filter(({ name }) => name !== RANDOM)) {
  describe(`the command contract: ${own.name}`, () => {
    for (const { title, run } of commandContract(() => asCommand(own), CASES[own.name])) {
      test(title, run);
    }
  });
}

/** Returns a command that meets its contract, with some members replaced. */
function soundCommand(more: Partial<Command> = {}): Command {
  return {
    summary: 'counts words',
    usage: '[options] WORD…',
    options: { letters: { type: 'boolean', description: 'count letters' } },
    operands: { min: 1 },
    async run({ messages, operands, options, write }) {
      messages.note('counting');
      await write([`${options.letters ? operands.join('').length : operands.length}\n`]);
      return 0;
    },
    ...more,
  };
}

const WORDS = { operands: ['one', 'two'], limit: 0.2 };

test('the command contract accepts a valid command', async () => {
  const tests = commandContract(
    () => soundCommand(),
    () => WORDS,
  );
  expect(tests.map(({ title }) => title)).toEqual(Object.values(TITLES));
  for (const { run } of tests) {
    await run();
  }
});

/** Returns a `run` that calls `act` with the context and returns 0. */
const doing =
  (act: (context: CommandContext) => unknown): Command['run'] =>
  async (context) => {
    await act(context);
    return 0;
  };

let count = 0;

const BROKEN: readonly (readonly [title: keyof typeof TITLES, fault: string, command: Partial<Command>])[] = [
  ['texts', 'whose summary ends with a full stop', { summary: 'Counts.' }],
  ['texts', 'whose summary has two lines', { summary: 'counts\nwords' }],
  ['texts', 'without a summary', { summary: '' }],
  ['texts', 'whose usage has control characters', { usage: '\u001b[1mWORD' }],
  ['texts', 'whose description has paragraphs', { description: 'One.\n\nTwo.' }],
  [
    'options',
    'with a default outside its range',
    { options: { n: { type: 'number', min: 1, default: 0, description: 'n' } } },
  ],
  [
    'options',
    'with one letter for two options',
    {
      options: {
        a: { type: 'string', short: 'x', description: 'a' },
        b: { type: 'string', short: 'x', description: 'b' },
      },
    },
  ],
  ['operands', 'whose min exceeds its max', { operands: { min: 2, max: 1 } }],
  ['operands', 'whose min is a fraction', { operands: { min: 0.5 } }],
  ['operands', 'whose operands have no values', { operands: { values: [] } }],
  ['exitCode', 'that returns nothing', { run: (() => {}) as never }],
  ['exitCode', 'that returns an exit code above 255', { run: () => 256 }],
  ['exitCode', 'that returns text', { run: (() => '0') as never }],
  ['exitCode', 'that throws', { run: () => Promise.reject(new TypeError('out of ink')) }],
  ['output', 'that logs', { run: doing(() => console.log('done')) }],
  ['output', 'that writes to standard output', { run: doing(() => process.stdout.write('done\n')) }],
  [
    'output',
    'that writes to standard error later',
    {
      run: async () => {
        await new Promise(setImmediate);
        process.stderr.write('done\n');
        return 0;
      },
    },
  ],
  ['output', 'whose message has two lines', { run: doing(({ messages }) => messages.note('one\ntwo')) }],
  ['output', 'whose message is not text', { run: doing(({ messages }) => messages.warning(7 as never)) }],
  ['written', 'that does not await its results', { run: doing(({ write }) => void write('done\n').catch(() => {})) }],
  ['written', 'whose results are not text', { run: doing(({ write }) => write([7 as never])) }],
  ['unwritable', 'that ignores a failed write', { run: doing(({ write }) => write('done\n').catch(() => {})) }],
  ['repetition', 'that writes different results each time', { run: doing(({ write }) => write(`${++count}\n`)) }],
  ['repetition', 'that returns different exit codes', { run: () => ++count % 2 }],
  ['unchanged', 'that changes its options', { run: doing(({ options }) => Object.assign(options, { letters: true })) }],
  ['unchanged', 'that removes one of its operands', { run: doing(({ operands }) => (operands as string[]).pop()) }],
  [
    'interruption',
    'that does not end when the signal has fired before it starts',
    {
      run: ({ signal }) => (signal.aborted ? new Promise(() => {}) : 0),
    },
  ],
  [
    'interruption',
    'that does not end when the signal fires while it runs',
    {
      run: ({ messages, signal }) => {
        if (signal.aborted) {
          return 130;
        }
        messages.note('counting');
        return signal.aborted ? new Promise(() => {}) : 0;
      },
    },
  ],
  [
    'interruption',
    'that throws an error other than a VirtSimilarityError',
    {
      run: ({ signal }) => {
        signal.throwIfAborted();
        return 0;
      },
    },
  ],
];

test.each(BROKEN)('the command contract (%s) rejects a command %s', async (title, _, broken) => {
  const tests = commandContract(
    () => soundCommand(broken),
    () => WORDS,
  );
  const failing = tests.find((each) => each.title === TITLES[title])!;
  await expect(failing.run()).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
});

test('the command contract accepts a command that throws when it is interrupted', async () => {
  const command = soundCommand({
    run: ({ signal }) => {
      if (signal.aborted) {
        throw new VirtSimilarityError('aborted', 'interrupted');
      }
      return 0;
    },
  });
  const tests = commandContract(
    () => command,
    () => WORDS,
  );
  await tests.find(({ title }) => title === TITLES.interruption)!.run();
});
