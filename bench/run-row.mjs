import { loadavg } from 'node:os';
import { missingTool } from './peers.mjs';
import { meetsGoal, ratioOf } from './row.mjs';

/**
 * Runs a row's sides in turn, ours first. Returns the result for the table and the JSON file: `missing` or `failure`,
 * or else the medians, the ratio, and every sample. Does not throw if the row fails.
 */
export async function runRow(row, context, onRun) {
  const { name, goal, unit } = row;
  const description = { name, title: row.title(context.sizes), against: row.against(context.sizes), goal, unit };
  const missing = missingTool(row.tools);
  if (missing !== undefined) {
    return { ...description, missing };
  }
  let sides;
  try {
    sides = await row.prepare(context);
    return { ...description, ...(await interleave(sides, goal, context.sizes.runs, onRun)) };
  } catch (error) {
    return { ...description, failure: error instanceof Error ? error.message : String(error) };
  } finally {
    await sides?.close?.();
  }
}

async function interleave(sides, goal, runs, onRun) {
  const ours = [];
  const peer = [];
  const loads = [];
  for (let run = 1; run <= runs; run++) {
    onRun(run, runs);
    ours.push(await sides.ours());
    peer.push(await sides.peer());
    loads.push(loadavg()[0]);
  }
  const medians = { ours: medianSample(ours), peer: medianSample(peer) };
  const ratio = ratioOf(goal, medians.ours, medians.peer);
  return { ...medians, ratio, met: meetsGoal(goal, ratio), load: median(loads), samples: { ours, peer } };
}

/** Returns the median time and the largest peak memory. The amount is the same in every run. */
function medianSample(samples) {
  const [{ amount }] = samples;
  const peaks = samples.flatMap(({ peakBytes }) => (peakBytes === undefined ? [] : [peakBytes]));
  const seconds = median(samples.map((sample) => sample.seconds));
  return { seconds, amount, ...(peaks.length > 0 && { peakBytes: Math.max(...peaks) }) };
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
