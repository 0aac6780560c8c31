import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CommandCase, commandContract } from '@virt-similarity/contract-tests';
import { type Command, type CommandContext, createAnalyzer, VirtSimilarityError } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import reporters from '@virt-similarity/reporters';
import { COMMANDS } from '#cli/commands/command-index.js';
import type { OwnCommand, OwnContext } from '#cli/commands/own-command.js';
import { COMMON_OPTIONS } from '#cli/options/option-table.js';
import { MemoryDisksPlugin } from '../../fixtures/memory-reader.js';

const TITLES = {
  texts: 'is described by texts that fit a help',
  options: 'describes its options, with defaults that are valid',
  operands: 'takes a number of operands that can be given',
  exitCode: 'returns an exit code from 0 to 255',
  output: 'prints only results and messages',
  written: 'ends when its results are written',
  unwritable: 'fails where its results cannot be written',
  repetition: 'does the same each time',
  unchanged: 'leaves its options and operands as they were',
  interruption: 'ends when it is interrupted, before it begins and later',
};

const DISKS = { 'memory:a': new Uint8Array(1024).fill(1), 'memory:b': new Uint8Array(1024).fill(2) };
const PATHS = Object.keys(DISKS);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'command-contract-'));
});
afterAll(() => rm(directory, { recursive: true }));

const analyzer = () => createAnalyzer({ plugins: [new MemoryDisksPlugin(DISKS), hashers, reporters] });

/** A command of this program as one of a plugin: it gets what only the program's own are given. */
function asCommand({ run, ...command }: OwnCommand): Command {
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
        messages: { ...messages, verbosity: 'normal', status: () => {}, failure },
        sources: command.takesReportOptions || command.name === 'hash' ? operands.map((path) => ({ path })) : [],
        reportOptions: {},
        commandNames: [],
      } as unknown as OwnContext);
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
  doctor: async () => ({ analyzer: analyzer() }),
};

for (const own of COMMANDS) {
  describe(`the contract of commands: ${own.name}`, () => {
    for (const { title, run } of commandContract(() => asCommand(own), CASES[own.name])) {
      test(title, run);
    }
  });
}

/** A command that keeps its contract, with other members. */
function sound(more: Partial<Command> = {}): Command {
  return {
    summary: 'counts what it is given',
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

test('the contract of commands is kept by a sound command', async () => {
  const tests = commandContract(
    () => sound(),
    () => WORDS,
  );
  expect(tests.map(({ title }) => title)).toEqual(Object.values(TITLES));
  for (const { run } of tests) {
    await run();
  }
});

/** Does something with the context, and returns 0. */
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
  ['operands', 'that takes more than it takes', { operands: { min: 2, max: 1 } }],
  ['operands', 'that takes half an operand', { operands: { min: 0.5 } }],
  ['operands', 'that takes one of nothing', { operands: { values: [] } }],
  ['exitCode', 'that returns nothing', { run: (() => {}) as never }],
  ['exitCode', 'that returns a code that no process has', { run: () => 256 }],
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
  ['output', 'whose message is no text', { run: doing(({ messages }) => messages.warning(7 as never)) }],
  ['written', 'that does not await its results', { run: doing(({ write }) => void write('done\n').catch(() => {})) }],
  ['written', 'whose results are no text', { run: doing(({ write }) => write([7 as never])) }],
  ['unwritable', 'that ignores that nobody reads', { run: doing(({ write }) => write('done\n').catch(() => {})) }],
  ['repetition', 'that writes something else each time', { run: doing(({ write }) => write(`${++count}\n`)) }],
  ['repetition', 'that ends otherwise each time', { run: () => ++count % 2 }],
  ['unchanged', 'that changes its options', { run: doing(({ options }) => Object.assign(options, { letters: true })) }],
  ['unchanged', 'that takes away its operands', { run: doing(({ operands }) => (operands as string[]).pop()) }],
  [
    'interruption',
    'that does not end',
    {
      run: ({ signal }) => (signal.aborted ? new Promise(() => {}) : 0),
    },
  ],
  [
    'interruption',
    'that does not end once it has begun',
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
    "that throws an error of another kind than this project's",
    {
      run: ({ signal }) => {
        signal.throwIfAborted();
        return 0;
      },
    },
  ],
];

test.each(BROKEN)('a command does not keep its contract: (%s) %s', async (title, _, broken) => {
  const tests = commandContract(
    () => sound(broken),
    () => WORDS,
  );
  const failing = tests.find((each) => each.title === TITLES[title])!;
  await expect(failing.run()).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
});

test('a command may throw that it was interrupted', async () => {
  const command = sound({
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
