import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stage } from '../stage.js';

/** The output of the slow reporter. */
export const SLOW_REPORT = 'start, and end\n';

/**
 * Writes a plugin whose reports (`*.slow`) are finished only once a certain file exists. Returns the path of that file.
 */
export async function writeSlowReporter(stage: Stage): Promise<string> {
  const release = join(stage.root, 'release');
  const [beginning, end] = [SLOW_REPORT.slice(0, 6), SLOW_REPORT.slice(6)].map((text) => JSON.stringify(text));
  const text = `
import { existsSync } from 'node:fs';
class SlowReporter {
  extension = '.slow';
  mediaType = 'text/plain';
  *report() {
    yield ${beginning};
    while (!existsSync(${JSON.stringify(release)})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    yield ${end};
  }
}
export default { name: 'slow', url: import.meta.url, reporters: { slow: SlowReporter } };
`;
  await writeFile(join(stage.work, 'slow-reporter.mjs'), text);
  return release;
}
