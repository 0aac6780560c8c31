import { workerData } from 'node:worker_threads';
import { checkedDendrogram } from '../clustering/checked-dendrogram.js';
import type { Clusterer } from '../contracts/clusterer.js';
import type { DistanceMetric } from '../contracts/distance-metric.js';
import type { Reporter } from '../contracts/reporter.js';
import { distanceMatrix } from '../distance/distance-matrix.js';
import { answerTasks } from '../threads/answer-tasks.js';
import { importPluginPart, tryPluginParts } from '../threads/import-plugin-part.js';
import { received, threadFailureOf } from '../threads/thread-failure.js';
import {
  ISOLATED_LISTS,
  type IsolatedAnswer,
  type IsolatedPart,
  type IsolatedTask,
  type IsolatedWork,
} from './isolated-work.js';
import { textOfReport } from './text-of-report.js';

/** Characters of a report that are handed over at a time. */
const TEXT_AT_ONCE = 64 * 1024;

const { kind, name, url } = workerData as IsolatedPart;
let part: Promise<unknown> | undefined;
let text: AsyncGenerator<string, void, undefined> | undefined;

const work: IsolatedWork = {
  tryPlugin: () => tryPluginParts(url),
  measure: async (counts) => distanceMatrix(counts, (await constructed()) as DistanceMetric),
  cluster: async (matrix, linkage) => checkedDendrogram((await constructed()) as Clusterer, matrix, linkage),
  async beginReport(reportPart, { failures, ...analysis }, options) {
    const failed = failures.map(({ error, ...failure }) => ({ ...failure, error: received(error) }));
    text = textOfReport((await constructed()) as Reporter, reportPart, { ...analysis, failures: failed }, options);
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

answerTasks(async ({ method, given }: IsolatedTask): Promise<IsolatedAnswer> => {
  try {
    const act = work[method] as (...given: unknown[]) => unknown;
    return { result: await act(...given) };
  } catch (thrown) {
    return {
      failure: threadFailureOf(name, kind === 'plugin' ? 'the plugin cannot be loaded' : `the ${kind} failed`, thrown),
    };
  }
});

/** The part, made when it is first needed, so that what goes wrong then is an answer. */
async function constructed(): Promise<unknown> {
  if (kind !== 'plugin') part ??= importPluginPart(url, ISOLATED_LISTS[kind], name);
  return part;
}
