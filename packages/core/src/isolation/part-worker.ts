import { workerData } from 'node:worker_threads';
import { checkedDendrogram } from '../clustering/checked-dendrogram.js';
import type { NamedPart, PartKind, PartKinds } from '../contracts/plugin.js';
import { distanceMatrix } from '../distance/distance-matrix.js';
import { tileDistances } from '../distance/tile.js';
import { constructAllParts } from '../part-threads/import-registry.js';
import { constructPart, partFailure, serveMethods, THREAD_LOGGER } from '../part-threads/serve-part.js';
import { threadFailureOf } from '../threads/thread-failure.js';
import type { PartThreadData, PartWork } from './part-work.js';
import { reportPieces, reportWarnings } from './report-pieces.js';
import { receivedAnalysis } from './sent-analysis.js';

/** The smallest number of characters in a piece of a text report, except in the last piece. */
const TEXT_AT_ONCE = 64 * 1024;

const data = workerData as PartThreadData;
const constructed = 'part' in data ? constructPart(data.part) : undefined;
/** If the part cannot be constructed, that error is the answer to every task that needs the part. */
await constructed?.catch(() => {});

let pieces: AsyncGenerator<string | Uint8Array, void, undefined> | undefined;

const work: PartWork = {
  async tryPlugin() {
    if ('url' in data) {
      await constructAllParts(data.url, THREAD_LOGGER);
    }
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
    pieces = reportPieces(await own('reporter'), reportPart, receivedAnalysis(analysis), options);
  },
  async nextPiece() {
    let gathered = '';
    while (pieces !== undefined && gathered.length < TEXT_AT_ONCE) {
      const { done, value } = await pieces.next();
      if (done) {
        pieces = undefined;
      } else if (typeof value !== 'string') {
        return value;
      } else {
        gathered += value;
      }
    }
    return gathered === '' ? undefined : gathered;
  },
  async warningsOf(analysis, options, circumstances) {
    return reportWarnings(await own('reporter'), receivedAnalysis(analysis), options, circumstances);
  },
};

serveMethods(work, (thrown) =>
  'part' in data ? partFailure(data.part, thrown) : threadFailureOf(data.name, 'the plugin cannot be loaded', thrown),
);

async function own<Kind extends PartKind>(_kind: Kind): Promise<NamedPart<PartKinds[Kind]>> {
  return (await constructed) as NamedPart<PartKinds[Kind]>;
}
