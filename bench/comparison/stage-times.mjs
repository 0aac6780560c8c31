import { Session } from 'node:inspector/promises';

/** Which stage a function belongs to; those of the kernel have their names from the build. */
const STAGES = [
  { stage: 'read', names: /^(read|readSync|open|close|fstat)$/ },
  { stage: 'count', names: /pairs\/|^#addCounts$|^#addTile$/ },
  { stage: 'label', names: /labels\/|digests\// },
];

/** The seconds that each stage takes in this thread while `work` runs, by sampling what runs twice a millisecond. */
export async function stageTimes(work) {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 500 });
  await session.post('Profiler.start');
  await work();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame.functionName]));
  const seconds = { read: 0, label: 0, count: 0, other: 0 };
  for (const [index, id] of profile.samples.entries()) {
    const stage = STAGES.find((each) => each.names.test(names.get(id)))?.stage ?? 'other';
    seconds[stage] += profile.timeDeltas[index] / 1e6;
  }
  return seconds;
}
