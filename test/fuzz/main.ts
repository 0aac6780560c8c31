import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inLanes } from '../harness/in-lanes.js';
import { flag, seed, texts, UsageError, wholeNumber } from '../harness/options.js';
import { runHarness } from '../harness/run-harness.js';
import { Tally } from '../harness/tally.js';
import type { FuzzTarget } from './fuzz-target.js';
import { FAULTS, supervise } from './supervise.js';
import { TARGETS } from './targets/index.js';

const MODULE = new URL('./targets/index.js', import.meta.url).href;
/** The number of targets that run at the same time: more than one, as most targets do not keep a processor busy. */
const LANES = 2;
const EXECUTIONS = { full: 100_000, quick: 2000 };

function targetsOf(names: readonly string[]): readonly FuzzTarget[] {
  const unknown = names.find((name) => !TARGETS.some((target) => target.name === name));
  if (unknown !== undefined) {
    throw new UsageError(`unknown target ${unknown}; known targets: ${TARGETS.map(({ name }) => name).join(', ')}`);
  }
  return names.length === 0 ? TARGETS : TARGETS.filter(({ name }) => names.includes(name));
}

process.exitCode = await runHarness(
  {
    name: 'test:fuzz',
    purpose: 'Passes random and corrupt inputs to inspectors, readers, hash-vector files, parsers and escapers.',
    options: {
      quick: flag(`${EXECUTIONS.quick} executions, in under a minute`),
      seed: seed('the inputs'),
      executions: wholeNumber(`number of executions (default: ${EXECUTIONS.full})`),
      target: texts('NAME', 'only this target'),
      at: wholeNumber('only the execution with this number; use with --seed and --target'),
    },
    run: async ({ quick, seed, target, at, ...given }) => {
      const { executions = quick ? EXECUTIONS.quick : EXECUTIONS.full } = given;
      const chosen = targetsOf(target);
      const shares = chosen.reduce((sum, { share }) => sum + share, 0);
      console.log(`seed ${seed}`);
      const parent = await mkdtemp(join(tmpdir(), 'virt-similarity-fuzz-'));
      const total = new Tally(FAULTS);
      try {
        await inLanes(LANES, chosen, async ({ name, share }) => {
          const directory = join(parent, name);
          await mkdir(directory);
          const [first, end] = at === undefined ? [0, Math.ceil((executions * share) / shares)] : [at, at + 1];
          const progress = join(parent, `${name}.progress`);
          const task = { targets: MODULE, target: name, seed, first, end, directory, progress };
          const { accepted, rejected, findings } = await supervise(task);
          const tally = new Tally(FAULTS);
          tally.count('executions', accepted + rejected + findings.length);
          for (const { kind, execution, description } of findings) {
            tally.fault(kind, `--seed ${seed} --target ${name} --at ${execution}`, description);
          }
          total.add(tally);
          console.log(
            tally.row([
              [name, 26],
              [`${accepted} accepted, ${rejected} rejected`, 32],
            ]),
          );
        });
      } finally {
        await rm(parent, { recursive: true, force: true });
      }
      console.log(total.totals(['executions']));
      return total.isClean;
    },
  },
  process.argv.slice(2),
);
