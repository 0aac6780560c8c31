import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FuzzArguments, readArguments, USAGE } from './arguments.js';
import type { FuzzTarget } from './fuzz-target.js';
import { supervise, type TargetResult } from './supervise.js';
import { TARGETS } from './targets/index.js';

const MODULE = new URL('./targets/index.js', import.meta.url).href;
/** Targets at a time: there are few that keep one processor busy all the time. */
const AT_ONCE = 2;

/** Runs the targets, several at a time; results in the order of the targets. */
async function runTargets(
  chosen: readonly FuzzTarget[],
  { seed, executions, at }: FuzzArguments,
  parent: string,
): Promise<TargetResult[]> {
  const shares = chosen.reduce((sum, { share }) => sum + share, 0);
  const results: TargetResult[] = [];
  const waiting = [...chosen.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, { name, share }] = next;
      const directory = join(parent, name);
      await mkdir(directory);
      const [first, end] = at === undefined ? [0, Math.ceil((executions * share) / shares)] : [at, at + 1];
      const progress = join(parent, `${name}.progress`);
      results[index] = await supervise({ targets: MODULE, target: name, seed, first, end, directory, progress });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

function report(results: readonly TargetResult[], seed: number): boolean {
  const findings = results.flatMap((result) => result.findings);
  for (const { kind, target, execution, description } of findings) {
    console.log(`${kind} (--seed ${seed} --target ${target} --at ${execution}): ${description}`);
  }
  for (const { target, accepted, rejected, findings: own } of results) {
    console.log(`${target}: ${accepted} accepted, ${rejected} rejected, ${own.length} findings`);
  }
  const total = results.reduce(
    (sum, { accepted, rejected, findings: own }) => sum + accepted + rejected + own.length,
    0,
  );
  const of = (kind: string) => findings.filter((finding) => finding.kind === kind).length;
  console.log(
    `${total} executions, ${of('crash')} crashes, ${of('hang')} hangs, ${of('memory')} beyond memory, ${of('wrong')} wrong`,
  );
  return findings.length === 0;
}

async function main(words: readonly string[]): Promise<number> {
  const given = readArguments(words);
  const unknown = given.targets.find((name) => !TARGETS.some((target) => target.name === name));
  if (unknown !== undefined) {
    throw new Error(`there is no target ${unknown}; known are ${TARGETS.map(({ name }) => name).join(', ')}`);
  }
  console.log(`seed ${given.seed}`);
  const parent = await mkdtemp(join(tmpdir(), 'virt-similarity-fuzz-'));
  try {
    const chosen = TARGETS.filter(({ name }) => given.targets.length === 0 || given.targets.includes(name));
    const results = await runTargets(chosen, given, parent);
    return report(results, given.seed) ? 0 : 1;
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (thrown) {
  console.error(`test:fuzz: ${thrown instanceof Error ? thrown.message : thrown}\n\n${USAGE}`);
  process.exitCode = 2;
}
