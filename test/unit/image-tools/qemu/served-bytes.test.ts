import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ServedBytes } from '#image-tools/qemu/served-bytes.js';
import { withFakeProgram } from '../../../fixtures/index.js';
import { inspectedImage, realLayer } from '../../../fixtures/inspected-image.js';

const IMAGE = inspectedImage({ format: 'qcow2', path: '/images/a.qcow2', file: realLayer() });
const CALL = { component: 'qemu', image: 'a.qcow2', sandbox: 'off' } as const;
const RUNTIME = process.env.XDG_RUNTIME_DIR;

let runtime: string;
let pids: string;

beforeEach(async () => {
  runtime = await mkdtemp(join(tmpdir(), 'run-'));
  pids = await mkdtemp(join(tmpdir(), 'pids-'));
  process.env.XDG_RUNTIME_DIR = runtime;
});

afterEach(async () => {
  if (RUNTIME === undefined) {
    delete process.env.XDG_RUNTIME_DIR;
  } else {
    process.env.XDG_RUNTIME_DIR = RUNTIME;
  }
  await rm(runtime, { recursive: true });
  await rm(pids, { recursive: true });
});

/** Calls `use` with a fake qemu-nbd that records its PID and then runs the script. */
function withServer(script: string, use: () => Promise<void>): Promise<void> {
  return withFakeProgram('qemu-nbd', `touch ${pids}/$$\n${script}`, use);
}

async function untilStarted(): Promise<void> {
  while ((await readdir(pids)).length === 0) {
    await delay(10);
  }
}

async function expectNothingLeft(): Promise<void> {
  expect(await readdir(runtime)).toEqual([]);
  for (const pid of await readdir(pids)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tX');
    expect(status).toMatch(/^State:\s+[XZ]/m);
  }
}

const read = (served: ServedBytes) => served.read(Buffer.alloc(1), 0);

describe.each([
  ['does not answer', 'exec sleep 60'],
  ['does not answer and ignores SIGTERM', 'trap "" TERM; while :; do sleep 0.1; done'],
])('a server that %s', (_, script) => {
  test('is ended by close() while it starts', async () => {
    await withServer(script, async () => {
      const served = new ServedBytes(IMAGE, CALL);
      const pending = expect(read(served)).rejects.toMatchObject({ code: 'aborted' });
      await untilStarted();
      await Promise.all([served.close(), served.close()]);
      await pending;
      await expectNothingLeft();
    });
  });

  test('is ended by the signal while it starts', async () => {
    await withServer(script, async () => {
      const interrupt = new AbortController();
      const served = new ServedBytes(IMAGE, { ...CALL, signal: interrupt.signal });
      const pending = expect(read(served)).rejects.toMatchObject({ code: 'aborted' });
      await untilStarted();
      interrupt.abort();
      await pending;
      await served.close();
      await expectNothingLeft();
    });
  });
});

test('a server that ends immediately is reported with its standard error, and leaves no files', async () => {
  await withServer('echo "qemu-nbd: Failed to get shared \\"write\\" lock" >&2; exit 1', async () => {
    const served = new ServedBytes(IMAGE, CALL);
    await expect(read(served)).rejects.toMatchObject({ code: 'in-use', image: 'a.qcow2' });
    await served.close();
    await expectNothingLeft();
  });
});

test('a server that breaks the protocol is reported, and leaves no files', async () => {
  const speak = `
    const [socket] = process.argv.filter((word) => word.startsWith("--socket=")).map((word) => word.slice(9));
    require("net").createServer((client) => client.end("HTTP/1.1 400 Bad Request, and good-bye")).listen(socket);`;
  await withServer(`exec ${process.execPath} -e '${speak}' -- "$@"`, async () => {
    const served = new ServedBytes(IMAGE, CALL);
    await expect(read(served)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('its greeting is not newstyle'),
    });
    await served.close();
    await expectNothingLeft();
  });
});

test('close() without a read starts no server', async () => {
  await withServer('exec sleep 60', async () => {
    await new ServedBytes(IMAGE, CALL).close();
    expect(await readdir(pids)).toEqual([]);
    await expectNothingLeft();
  });
});
