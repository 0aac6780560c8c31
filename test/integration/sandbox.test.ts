import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runTool } from '#readers/processes/run-tool.js';
import { workingSandbox } from '#readers/processes/working-sandbox.js';

const SHELL = { command: 'bash', package: 'bash' };

let directory: string;
let image: string;
let output: string;

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-sandbox-')));
  image = join(directory, 'a "disk"\n.img');
  output = await mkdtemp(join(directory, 'output-'));
  await writeFile(image, 'content');
  await writeFile(join(directory, 'secret'), 'secret');
});

afterAll(() => rm(directory, { recursive: true }));

/** What a script prints in the sandbox: `$1` is the image, `$2` the directory that it can write, `$3` one of the host. */
function confined(script: string, limits = {}): Promise<string> {
  const view = { readable: [image], devices: [], writable: [output] };
  return runTool({ ...SHELL, limits }, ['-c', script, 'bash', image, output, directory], { component: 'test', view });
}

test('the sandbox works on this machine', async () => {
  // Install bubblewrap where it does not.
  expect(await workingSandbox()).toMatchObject({ works: true });
});

describe('in the sandbox a program', () => {
  test('reads its image under its own name', async () => {
    expect(await confined('cat "$1"')).toBe('content');
  });

  test('sees no other file of the host', async () => {
    expect(await confined('ls "$3"')).not.toContain('secret');
    expect(
      await confined('cat "$3/secret" /etc/passwd /etc/shadow 2>/dev/null; ls /home /root /var 2>/dev/null; :'),
    ).toBe('');
    expect((await confined('ls /')).split('\n').sort().join(' ').trim()).toMatch(
      /^bin dev( etc)? lib( lib32)?( lib64)?( libx32)? proc sbin tmp usr$/,
    );
  });

  test('writes nowhere but in its directory', async () => {
    const script =
      'for path in "$1" /tmp/x /usr/x /x "$3/x" /proc/sys/kernel/core_pattern; do echo > "$path"; done 2>/dev/null; :';
    await confined(script);
    expect(await readFile(image, 'utf8')).toBe('content');
    expect((await readdir(directory)).sort()).toHaveLength(3);
    await confined('echo well > "$2/file"');
    expect(await readFile(join(output, 'file'), 'utf8')).toBe('well\n');
  });

  test('sees no process but its own, and signals none', async () => {
    expect(await confined(`kill -0 ${process.pid} 2>/dev/null; echo $?`)).toBe('1\n');
    const pids = (await confined('echo /proc/[0-9]*')).trim().split(' ');
    expect(pids.length).toBeLessThan(8);
  });

  test('reaches no network', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    try {
      expect(await confined(`(exec 4<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null; echo $?`)).toBe('1\n');
      expect(connections).toBe(0);
    } finally {
      server.close();
    }
  });

  test('keeps to its limits', async () => {
    expect(await confined('ulimit -c; ulimit -v; ulimit -t; ulimit -n')).toBe('0\n4194304\n600\n1024\n');
    await expect(confined('while :; do :; done', { cpuSeconds: 1 })).rejects.toMatchObject({
      signal: expect.stringMatching(/^SIG(XCPU|KILL)$/),
    });
  });

  test('has no powers but those over the files that it sees', async () => {
    const powers = /CapEff:\s*(\w+)/.exec(await confined('cat /proc/self/status'))?.[1];
    // CAP_DAC_OVERRIDE, so that root can read what belongs to others.
    expect(['0000000000000000', '0000000000000002']).toContain(powers);
  });
});
