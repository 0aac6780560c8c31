import { readdirSync, readlinkSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type ConfiguredPlugin, messageOf, type Plugin } from '@virt-similarity/core';
import { constructPart, importPlugin, registrationsOf } from './plugin-parts.js';
import type { PluginProbe, ProbedPlugin } from './plugin-probe.js';

/** Running threads that the plugin started. Node.js does not list all of them as resources. */
const threads = new Set<Worker>();

// The program of `probePlugin`, and the thread that it starts.
if (isMainThread) {
  const found = await probe(JSON.parse(process.argv[2] ?? ''));
  process.send?.(JSON.stringify(found), () => process.exit());
} else {
  parentPort?.postMessage(namesOf(await importPlugin(workerData)));
}

async function probe({ module, options, beside }: ProbedPlugin): Promise<PluginProbe> {
  let printed = '';
  for (const stream of [process.stdout, process.stderr]) {
    stream.write = (text: unknown) => {
      printed += text;
      return true;
    };
  }
  const others = await Promise.all(beside.map(importPlugin));
  process.on('worker', watchThread);
  const before = resources();
  try {
    const plugin = await importPlugin(module);
    // With another fragment in the URL, Node.js treats the module as a different one and runs its code again.
    await import(`${module}#again`);
    constructAll([...others, [plugin, options]], plugin);
    const left = await leftSince(before);
    process.off('worker', watchThread);
    return { printed, left, inThread: await namesInThread(module) };
  } catch (thrown) {
    return { problem: messageOf(thrown), printed, left: [], inThread: [] };
  }
}

function watchThread(thread: Worker): void {
  threads.add(thread);
  thread.on('exit', () => threads.delete(thread));
}

/** Constructs every part that can be constructed. */
function constructAll(plugins: readonly ConfiguredPlugin[], plugin: Plugin): void {
  for (const { kind, name } of registrationsOf(plugin)) {
    try {
      constructPart(plugins, kind, name);
    } catch {
      // Another test reports this.
    }
  }
}

/** Waits until no system request is pending. Then returns the resources that are not in `before`. */
async function leftSince(before: readonly string[]): Promise<string[]> {
  for (;;) {
    await new Promise(setImmediate);
    const left = resources();
    for (const resource of before) {
      const index = left.indexOf(resource);
      if (index >= 0) {
        left.splice(index, 1);
      }
    }
    if (!left.some((resource) => /^\w*Req/.test(resource))) {
      return left;
    }
  }
}

/** Returns the types of the resources that keep this process alive, its threads, and the paths of open files. */
function resources(): string[] {
  const files = readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      // The descriptor of the directory listing itself.
      return [];
    }
  });
  const paths = files.filter((path) => path.startsWith('/') && path !== '/dev/null');
  return [...process.getActiveResourcesInfo(), ...Array.from(threads, () => 'Worker'), ...paths];
}

function namesInThread(module: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: module });
    thread.on('message', (names) => {
      resolve(names);
      void thread.terminate();
    });
    thread.on('error', reject);
    thread.on('exit', (status) =>
      reject(new Error(`a thread that imports the module ended with exit status ${status}`)),
    );
  });
}

function namesOf(plugin: Plugin): string[] {
  return registrationsOf(plugin).map(({ kind, name }) => `${kind} ${name}`);
}
