import { parentPort, workerData } from 'node:worker_threads';
import { checkedDendrogram } from '../clustering/checked-dendrogram.js';
import { importRegistry, tryPlugin } from '../composition/import-registry.js';
import type { BlockHasher } from '../contracts/block-hasher.js';
import type { Logger, NamedPart, PartKind, PartKinds } from '../contracts/plugin.js';
import { distanceMatrix } from '../distance/distance-matrix.js';
import { tileDistances } from '../distance/tile.js';
import { probeHasher, requireSameDigest } from '../hashing/probe-hasher.js';
import { runHashTask } from '../hashing/run-hash-task.js';
import { answerTasks } from '../threads/answer-tasks.js';
import { threadFailureOf } from '../threads/thread-failure.js';
import type { PartAnswer, PartTask, PartThreadData, PartWork } from './part-work.js';
import { receivedAnalysis } from './sent-analysis.js';
import { textOfReport } from './text-of-report.js';

/** Characters of a report that are handed over at a time. */
const TEXT_AT_ONCE = 64 * 1024;

const data = workerData as PartThreadData;
const logger: Logger = { note: (level, message) => parentPort?.postMessage({ note: { level, message } }) };
const constructed = 'part' in data ? construct(data.part) : undefined;
/** What goes wrong with the part is the answer to the first task that needs it. */
await constructed?.catch(() => {});

let ownProbe: Uint8Array | undefined;
let text: AsyncGenerator<string, void, undefined> | undefined;

const work: PartWork = {
  async tryPlugin() {
    if ('url' in data) await tryPlugin(data.url, logger);
  },
  async probe() {
    return probeHasher(await own('hasher'));
  },
  async hash(task, probe) {
    const hasher = await own('hasher');
    if (ownProbe === undefined) {
      const found = probeHasher(hasher);
      requireSameDigest(hasher, found, probe);
      ownProbe = found;
    }
    runHashTask(task, hasher);
  },
  async measure(counts) {
    const { name, part } = await own('metric');
    return distanceMatrix(counts, part, name);
  },
  async measureTile(tile) {
    const { name, part } = await own('metric');
    return tileDistances(tile, part, name);
  },
  async cluster(matrix, linkage) {
    return checkedDendrogram(await own('clusterer'), matrix, linkage);
  },
  async beginReport(reportPart, analysis, options) {
    text = textOfReport(await own('reporter'), reportPart, receivedAnalysis(analysis), options);
  },
  async nextText() {
    let gathered = '';
    while (text !== undefined && gathered.length < TEXT_AT_ONCE) {
      const { done, value } = await text.next();
      if (done) text = undefined;
      else gathered += value;
    }
    return gathered === '' ? undefined : gathered;
  },
};

answerTasks(async ({ method, given }: PartTask): Promise<PartAnswer> => {
  try {
    const act = work[method] as (...given: unknown[]) => unknown;
    return { result: await act(...given) };
  } catch (thrown) {
    return { failure: failureOf(thrown) };
  }
});

async function construct({ kind, name, plugins }: Extract<PartThreadData, { part: unknown }>['part']) {
  const part = (await importRegistry(plugins, logger)).find(kind, name);
  if (kind === 'hasher') await (part as BlockHasher).prepare?.();
  return { name, part };
}

async function own<Kind extends PartKind>(_kind: Kind): Promise<NamedPart<PartKinds[Kind]>> {
  return (await constructed) as NamedPart<PartKinds[Kind]>;
}

function failureOf(thrown: unknown) {
  return 'part' in data
    ? threadFailureOf(data.part.name, `the ${data.part.kind} failed`, thrown)
    : threadFailureOf(data.name, 'the plugin cannot be loaded', thrown);
}
