import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runTool } from '#image-tools/processes/run-tool.js';
import { EMPTY_VIEW, type SandboxView, sandboxName } from '#image-tools/processes/sandbox.js';
import { workingSandbox } from '#image-tools/processes/working-sandbox.js';
import { chainOf } from '#image-tools/qemu/chain-of.js';
import { isConfined } from '#image-tools/qemu/sandbox-policy.js';
import { inspectedImage } from '../fixtures/inspected-image.js';

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

/** Returns a view of one file and the writable directory. */
async function viewOf(path: string): Promise<SandboxView> {
  const { dev: device, ino: inode } = await stat(path, { bigint: true });
  return { ...EMPTY_VIEW, files: [{ path, device, inode, isBlockDevice: false }], writable: [output] };
}

/** Runs a script in the sandbox: `$1` is the image, `$2` the writable directory, `$3` a directory of the host. */
async function confined(script: string, limits = {}): Promise<string> {
  const view = await viewOf(image);
  const words = ['-c', script, 'bash', sandboxName(0), output, directory];
  return runTool({ ...SHELL, limits }, words, { component: 'test', view });
}

test('the sandbox works on this machine', async () => {
  // If this fails, install bubblewrap.
  expect(await workingSandbox()).toMatchObject({ works: true });
});

test('a trial of the sandbox with too few free descriptors fails as unavailable, and is repeated', () => {
  const module = new URL('../../../packages/image-tools/dist/processes/working-sandbox.js', import.meta.url).href;
  const program = `
    import { closeSync, openSync } from 'node:fs';
    import { workingSandbox } from ${JSON.stringify(module)};
    const outcomes = [];
    for (const free of [0, 4, 16, 40, Infinity]) {
      const taken = [];
      try {
        for (;;) taken.push(openSync('/dev/null'));
      } catch {}
      for (const descriptor of taken.splice(0, free)) closeSync(descriptor);
      outcomes.push(await workingSandbox().then(
        ({ works, reason }) => (works ? 'works' : reason),
        ({ code, message }) => code ?? message,
      ));
      for (const descriptor of taken) closeSync(descriptor);
    }
    console.log(JSON.stringify(outcomes));`;
  const limited = [
    '--nofile=512:512',
    '--',
    process.execPath,
    '-C',
    'unbundled',
    '--input-type=module',
    '--eval',
    program,
  ];
  const outcomes: string[] = JSON.parse(execFileSync('prlimit', limited, { encoding: 'utf8' }));
  expect(outcomes.at(-1)).toBe('works');
  expect(outcomes[0]).toBe('unavailable');
  expect(new Set(outcomes)).toEqual(new Set(['unavailable', 'works']));
});

test('qemu opens images in the sandbox', async () => {
  const chain = chainOf(inspectedImage({ format: 'raw', path: '/images/base.raw' }));
  expect(await isConfined(SHELL, chain, { component: 'qemu', image: 'a', warn: () => {} })).toBe(true);
});

describe('in the sandbox, a program', () => {
  test('reads its image', async () => {
    expect(await confined('cat "$1"')).toBe('content');
  });

  test('cannot see other files of the host', async () => {
    expect(await confined('ls "$3"')).not.toContain('secret');
    expect(
      await confined('cat "$3/secret" /etc/passwd /etc/shadow 2>/dev/null; ls /home /root /var 2>/dev/null; :'),
    ).toBe('');
    expect((await confined('ls /')).split('\n').sort().join(' ').trim()).toMatch(
      /^bin dev( etc)? image lib( lib32)?( lib64)?( libx32)? proc sbin text tmp usr$/,
    );
  });

  test('can write only to its directory', async () => {
    const script =
      'for path in "$1" /tmp/x /usr/x /x "$3/x" /proc/sys/kernel/core_pattern; do echo > "$path"; done 2>/dev/null; :';
    await confined(script);
    expect(await readFile(image, 'utf8')).toBe('content');
    expect((await readdir(directory)).sort()).toHaveLength(3);
    await confined('echo well > "$2/file"');
    expect(await readFile(join(output, 'file'), 'utf8')).toBe('well\n');
  });

  test('can neither see nor signal other processes', async () => {
    expect(await confined(`kill -0 ${process.pid} 2>/dev/null; echo $?`)).toBe('1\n');
    const pids = (await confined('echo /proc/[0-9]*')).trim().split(' ');
    expect(pids.length).toBeLessThan(8);
  });

  test('cannot reach the network', async () => {
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

  test('has resource limits', async () => {
    expect(await confined('ulimit -c; ulimit -v; ulimit -t; ulimit -n')).toBe('0\n4194304\n600\n1024\n');
    await expect(confined('while :; do :; done', { cpuSeconds: 1 })).rejects.toMatchObject({
      signal: expect.stringMatching(/^SIG(XCPU|KILL)$/),
    });
  });

  test('has no capabilities except to read the files that it sees', async () => {
    const capabilities = /CapEff:\s*(\w+)/.exec(await confined('cat /proc/self/status'))?.[1];
    // CAP_DAC_READ_SEARCH, so that root can read files of other users.
    expect(['0000000000000000', '0000000000000004']).toContain(capabilities);
  });

  test('cannot write to a block device that it sees', async () => {
    if (process.getuid?.() !== 0) {
      console.warn('skipped: creating a block device needs root');
      return;
    }
    const disk = join(directory, 'disk');
    await writeFile(disk, 'content'.padEnd(4096));
    const device = execFileSync('losetup', ['--find', '--show', disk], { encoding: 'utf8' }).trim();
    try {
      const [seen] = (await viewOf(device)).files;
      const view = { ...EMPTY_VIEW, files: [{ ...seen!, isBlockDevice: true }] };
      const script = `head -c 7 "$1"; echo overwritten 2>&1 >"$1" || echo 'is denied'`;
      const printed = await runTool(SHELL, ['-c', script, 'bash', sandboxName(0)], { component: 'test', view });
      expect(printed).toMatch(/^content.*is denied\n$/s);
    } finally {
      execFileSync('losetup', ['--detach', device]);
    }
  });

  test('is not started if another file has replaced the inspected file', async () => {
    const [path, other] = [join(directory, 'inspected.raw'), join(directory, 'other.raw')];
    await writeFile(path, 'inspected');
    await writeFile(other, 'other');
    const view = await viewOf(path);
    await rename(other, path);
    await expect(runTool(SHELL, ['-c', `cat ${sandboxName(0)}`], { component: 'test', view })).rejects.toMatchObject({
      exitCode: 1,
      stderr: 'virt-similarity: a file was replaced after it was inspected',
    });
  });
});

describe('a tool that runs hostile code', () => {
  const script = fileURLToPath(new URL('../../integration/taken-over-tool.py', import.meta.url));

  /** Runs the hostile tool. `wrapper` precedes `node` in the command. Returns the actions that succeeded. */
  function takenOver(...wrapper: string[]): unknown {
    const module = new URL('../../../packages/image-tools/dist/processes/', import.meta.url).href;
    const program = `
      const { readFileSync, statSync } = await import('node:fs');
      const { runTool } = await import('${module}run-tool.js');
      const { EMPTY_VIEW } = await import('${module}sandbox.js');
      const { dev: device, ino: inode } = statSync(process.env.IMAGE, { bigint: true });
      const files = [{ path: process.env.IMAGE, device, inode, isBlockDevice: false }];
      const view = { ...EMPTY_VIEW, files, texts: [Buffer.from('text')], writable: [process.env.OUTPUT] };
      const words = ['-c', readFileSync(process.env.SCRIPT, 'utf8'), String(process.pid), process.env.OUTPUT];
      const tool = { command: 'python3', package: 'python3' };
      process.stdout.write(await runTool(tool, words, { component: 'test', view }));`;
    // The secret is open as descriptor 50 and is in the environment.
    const words = ['-c', 'exec 50<"$SECRET"; exec "$@"', 'bash', ...wrapper, process.execPath, '--input-type=module'];
    const { stdout, stderr } = spawnSync('bash', [...words, '-e', program], {
      encoding: 'utf8',
      env: {
        PATH: '/usr/bin:/bin:/usr/sbin:/sbin',
        IMAGE: image,
        OUTPUT: output,
        SCRIPT: script,
        SECRET: join(directory, 'secret'),
        AWS_SECRET_ACCESS_KEY: 'secret',
      },
    });
    if (stdout === '') {
      throw new Error(stderr);
    }
    return JSON.parse(stdout);
  }

  test('succeeds with none of its actions', () => {
    expect(takenOver()).toEqual([]);
  });

  test('succeeds with none of its actions as an ordinary user either', async () => {
    if (process.getuid?.() !== 0) {
      // The previous test already ran as an ordinary user.
      return;
    }
    await chmod(directory, 0o755);
    await chmod(output, 0o777);
    expect(takenOver('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups')).toEqual([]);
  });
});
