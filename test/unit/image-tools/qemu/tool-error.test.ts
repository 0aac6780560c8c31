import { describe, expect, test } from '@jest/globals';
import { toolError } from '#image-tools/qemu/tool-error.js';

const GRAPH = `Could not open 'json:{"driver":"qcow2","file":{"filename":"/images/it's {'}': .qcow2"}}': `;

const FILES = { withPaths: (text: string) => text.replace('/image/00000', '/images/a.qcow2') };

function failure(stderr: string, signal?: string) {
  const exit = { exitCode: signal === undefined ? 1 : undefined, signal, stderr };
  return toolError('qemu-img', exit, FILES, { component: 'qemu', image: 'a.qcow2' });
}

describe('toolError', () => {
  test.each([
    ['in-use', 'Failed to get shared "write" lock\nIs another process using the image [/images/a.qcow2]?'],
    ['unreadable', "Could not open '/images/a.qcow2': Permission denied"],
    ['unreadable', "Could not open '/images/a.qcow2': No such file or directory"],
    ['unreadable', 'error while reading at byte 0: Input/output error'],
    ['unavailable', "Unknown driver 'dmg'"],
    ['unavailable', 'Cannot allocate memory'],
    ['corrupt', 'Image is not in qcow2 format'],
    ['corrupt', ''],
  ])('returns an error with the code %s if qemu prints %j', (code, stderr) => {
    expect(failure(`qemu-img: ${stderr}`)).toMatchObject({ code, image: 'a.qcow2' });
  });

  test('repeats the message of qemu on one line, without the block graph', () => {
    const { message } = failure(`qemu-img: ${GRAPH}Failed to get "consistent read" lock\nIs another process using it?`);
    expect(message).toBe(
      '[qemu] cannot read a.qcow2: qemu-img: Failed to get "consistent read" lock. Is another process using it?; ' +
        'shut down the machine that has the image open, or pass `allowInUse: true`',
    );
  });

  test("replaces the path in the sandbox with the user's path", () => {
    expect(failure("qemu-img: Could not open '/image/00000': Permission denied").message).toContain(
      "Could not open '/images/a.qcow2'",
    );
  });

  test('repeats the message of qemu after a truncated block graph', () => {
    expect(failure(`filename":"/image/00700"}]}': Too many open files`).message).toBe(
      '[qemu] cannot read a.qcow2: qemu-img: Too many open files; allow more open files with ulimit -n',
    );
  });

  test.each([
    'virt-similarity: a file was replaced after it was inspected',
    "bwrap: Can't find source path /a: No such file or directory",
  ])("returns an error with the code 'changed' after the message: %s", (stderr) => {
    expect(failure(stderr)).toMatchObject({ code: 'changed' });
  });

  test("returns an error with the code 'unavailable' if a signal ended the tool", () => {
    expect(failure('', 'SIGSEGV')).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('ended by SIGSEGV'),
    });
  });

  test("returns the code 'unavailable' if a server ended with status 0, because it is another program", () => {
    const exit = { exitCode: 0, signal: undefined, stderr: '' };
    expect(toolError('qemu-nbd', exit, FILES, { component: 'qemu', image: 'a.qcow2' })).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('check that qemu-nbd in PATH is the one from qemu-utils'),
    });
  });
});
