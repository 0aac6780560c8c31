import assert from 'node:assert/strict';
import { type Command, VirtSimilarityError } from '@virt-similarity/core';
import { type CommandCase, type CommandRun, optionsOf, type RunEvents, runOnce } from './command-run.js';
import { asserting, assertSame, type ContractTest } from './contract-test.js';
import { assertDeclarations, ONE_LINE } from './option-declarations.js';

/**
 * The contract of every command, tested with one input.
 *
 * @param setUp called before each run; it must restore everything that an earlier run changed
 */
export function commandContract(
  create: () => Command,
  setUp: () => CommandCase | Promise<CommandCase> = () => ({}),
): ContractTest[] {
  const run = async (events: RunEvents = {}): Promise<CommandRun> => runOnce(create(), await setUp(), events);
  return asserting({ of: 'Command', file: 'command.d.ts' }, [
    { title: 'has a summary, usage and description that fit a help text', run: async () => testTexts(create()) },
    { title: 'describes its options, with defaults that are valid', run: async () => testOptions(create()) },
    { title: 'declares valid limits for its operands', run: async () => testOperands(create(), await setUp()) },
    { title: 'returns an exit code from 0 to 255', run: async () => testExitCode(await run()) },
    { title: 'prints only results and messages', run: async () => testOutput(await run()) },
    { title: 'ends only after its results are written', run: async () => testWritten(await run()) },
    { title: 'fails if its results cannot be written', run: async () => testUnwritable(run) },
    { title: 'returns the same exit code and results each time', run: async () => testRepetition(run) },
    { title: 'does not change its options and operands', run: async () => testUnchanged(create(), await setUp()) },
    {
      title: 'ends when it is interrupted, before it starts or while it runs',
      run: () => testInterruption(run, setUp),
    },
  ]);
}

function testTexts({ summary, usage, description }: Command): void {
  assert.match(summary, ONE_LINE, 'summary: expected one line');
  assert.ok(!summary.endsWith('.'), 'summary: expected no full stop');
  assert.match(usage ?? '[options]', ONE_LINE, 'usage: expected one line');
  assert.match(description ?? summary, ONE_LINE, 'description: expected one paragraph without line breaks');
}

function testOptions({ options }: Command): void {
  assertDeclarations(options);
}

function testOperands({ operands = {} }: Command, { operands: given = [] }: CommandCase): void {
  const { min = 0, max = Number.POSITIVE_INFINITY, values } = operands;
  assert.ok(Number.isInteger(min) && min >= 0, 'operands.min: expected a whole number of 0 or more');
  assert.ok(max === Number.POSITIVE_INFINITY || Number.isInteger(max), 'operands.max: expected a whole number');
  assert.ok(min <= max, 'operands: expected max to be at least min');
  assert.ok(
    given.length >= min && given.length <= max,
    'expected the test case to have an accepted number of operands',
  );
  if (values !== undefined) {
    assert.ok(values.length > 0, 'operands.values: expected at least one');
    assert.equal(new Set(values).size, values.length, 'operands.values: expected no duplicates');
    assert.ok(
      given.every((operand) => values.includes(operand)),
      'expected the test case to have only operands in operands.values',
    );
  }
}

function testExitCode(run: CommandRun): void {
  requireExitCode(run);
}

function testOutput({ printed, unusable }: CommandRun): void {
  assert.equal(printed, '', 'expected results to go to context.write, and all other output to context.messages');
  assertSame(unusable, [], 'expected messages of one line');
}

function testWritten(run: CommandRun): void {
  requireExitCode(run);
  assert.ok(!run.isWriting, 'expected the command to await what context.write returns');
}

/** Simulates a failure to write results, for example to a full disk. Passes if the command writes no results. */
async function testUnwritable(run: (events: RunEvents) => Promise<CommandRun>): Promise<void> {
  let hasWritten = false;
  const ended = await run({
    onWrite: () => {
      hasWritten = true;
      throw new VirtSimilarityError('unavailable', 'the reader of the results has gone');
    },
  });
  if (!hasWritten) {
    return;
  }
  const failed = ended.thrown instanceof VirtSimilarityError || Number(ended.exitCode) > 0;
  assert.ok(failed && !ended.isWriting, 'expected errors of context.write to be rethrown, or an exit code above 0');
}

async function testRepetition(run: () => Promise<CommandRun>): Promise<void> {
  const [one, other] = [await run(), await run()];
  requireExitCode(one);
  assert.equal(other.exitCode, one.exitCode, 'expected the same exit code');
  assert.equal(other.results, one.results, 'expected the same results');
}

async function testUnchanged(command: Command, given: CommandCase): Promise<void> {
  const words = structuredClone({ options: optionsOf(command, given), operands: given.operands ?? [] });
  const before = JSON.stringify(words);
  await runOnce(command, given, {}, words);
  assert.equal(JSON.stringify(words), before, 'expected options and operands not to change');
}

async function testInterruption(
  run: (events: RunEvents) => Promise<CommandRun>,
  setUp: () => CommandCase | Promise<CommandCase>,
): Promise<void> {
  const { limit = 60 } = await setUp();
  const interruption = new AbortController();
  await requireEnd(run({ signal: AbortSignal.abort() }), limit);
  await requireEnd(run({ signal: interruption.signal, onUse: () => interruption.abort() }), limit);
}

/**
 * Requires the run to end within the limit, in seconds. The run is allowed to throw, but only a `VirtSimilarityError`.
 */
async function requireEnd(running: Promise<CommandRun>, limit: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limit * 1000);
  });
  const ended = await Promise.race([running, late]);
  clearTimeout(timer);
  assert.ok(ended !== undefined, `expected the command to end within ${limit} s of its interruption`);
  if (!(ended.thrown instanceof VirtSimilarityError)) {
    requireExitCode(ended);
  }
}

function requireExitCode({ exitCode, thrown }: CommandRun): void {
  if (thrown !== undefined) {
    throw thrown;
  }
  const isExitCode = Number.isInteger(exitCode) && (exitCode as number) >= 0 && (exitCode as number) <= 255;
  assert.ok(isExitCode, `expected an exit code from 0 to 255, found ${exitCode}`);
}
