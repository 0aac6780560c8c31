import { mkdir, symlink } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { COMMANDS } from '#cli/commands/command-index.js';
import { COMMAND } from '../fixtures/command.js';
import { deterministicBytes } from '../fixtures/deterministic-bytes.js';
import { runTool } from '../fixtures/run-tool.js';
import { Workplace } from './command.js';

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.make();
  await mkdir(workplace.path('bin'));
  await symlink(COMMAND[1]!, workplace.path('bin/virt-similarity'));
  await mkdir(workplace.path('images/old'), { recursive: true });
  const content = deterministicBytes('examples', 4 * 65_536);
  for (const name of ['c.raw', 'images/one.raw', 'images/two.raw', 'images/old/three.raw']) {
    await workplace.write(name, content);
    content.fill(1, 0, 10);
  }
  for (const [name, format] of [
    ['a.qcow2', 'qcow2'],
    ['images/four.qcow2', 'qcow2'],
    ['b.vmdk', 'vmdk'],
  ] as const) {
    await runTool('qemu-img', ['convert', '-O', format, workplace.path('c.raw'), workplace.path(name)]);
  }
});

afterAll(() => workplace.remove());

// One test for each example. The order matters, because later examples use files that earlier examples write.
test.each(COMMANDS.flatMap(({ examples }) => examples))('the example works: %s', async (line, purpose) => {
  const shell = purpose.includes('fish') ? 'fish' : 'bash';
  const environment = ['-u', 'DISPLAY', '-u', 'WAYLAND_DISPLAY', `PATH=${workplace.path('bin')}:${process.env.PATH}`];
  const { code, stdout, stderr } = await workplace.startBy('env', [...environment, shell, '-c', line]).ended;
  expect({ code, problems: stderr.match(/error: .*/g) }).toEqual({ code: 0, problems: null });
  if (!/hash|source|>|prune/.test(line)) {
    expect(stdout).not.toBe('');
  }
});

test('docs/commands.md contains every example', async () => {
  const { stdout } = await workplace.startBy('cat', [new URL('../../../docs/commands.md', import.meta.url).pathname])
    .ended;
  for (const [line, purpose] of COMMANDS.flatMap(({ examples }) => examples)) {
    expect(stdout).toContain(`# ${purpose}\n${line}\n`);
  }
});
