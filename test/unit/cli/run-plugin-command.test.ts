import { describe, expect, test } from '@jest/globals';
import { type Command, type CommandContext, VirtSimilarityError } from '@virt-similarity/core';
import { knownCommands } from '#cli/arguments/known-commands.js';
import { runPluginCommand } from '#cli/run-plugin-command.js';

const CONTEXT = { options: { depth: 3 }, operands: ['a'] } as unknown as CommandContext;

const run = (command: Command['run']) => {
  const [known] = knownCommands({}, [{ name: 'audit', part: { summary: 'audits', run: command } }]).slice(-1);
  return runPluginCommand(known!, CONTEXT);
};

describe("a plugin's command", () => {
  test('receives its context, and returns the exit code', async () => {
    expect(await run((context) => (context === CONTEXT ? 3 : 1))).toBe(3);
    expect(await run(() => Promise.resolve(0))).toBe(0);
  });

  test('that throws is named in the error', async () => {
    const failure = run(() => {
      throw new TypeError('out of ink');
    });
    await expect(failure).rejects.toMatchObject({
      code: 'plugin',
      message: '[audit] the command failed: out of ink',
    });
  });

  test("can throw this project's errors, which are rethrown", async () => {
    const error = new VirtSimilarityError('in-use', 'a.img is open for writing');
    await expect(run(() => Promise.reject(error))).rejects.toBe(error);
  });

  test.each([undefined, -1, 256, 1.5, '0'])('must not return %j', async (exitCode) => {
    await expect(run(() => exitCode as number)).rejects.toMatchObject({
      code: 'plugin',
      message: expect.stringMatching(/^\[audit\] expected run to return an exit code from 0 to 255, found .*; fix the/),
    });
  });
});
