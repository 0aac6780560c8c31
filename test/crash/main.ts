import { flag, seed, wholeNumber } from '../harness/options.js';
import { runHarness } from '../harness/run-harness.js';
import { applyRounds } from './apply-rounds.js';
import { concurrentRounds } from './concurrent-rounds.js';
import { newTally } from './faults.js';
import { killRounds } from './kill-rounds.js';
import { Stage } from './stage.js';

const FULL = { kills: 200, rounds: 50, applications: 200 };
const QUICK = { kills: 10, rounds: 2, applications: 6 };

process.exitCode = await runHarness(
  {
    name: 'test:crash',
    purpose:
      'Kills the command at random points, also while it applies a plan, and runs eight processes at a time on one cache.',
    options: {
      quick: flag(
        `${QUICK.kills} kills, ${QUICK.rounds} rounds and ${QUICK.applications} applications, in two minutes`,
      ),
      seed: seed('the random points'),
      kills: wholeNumber(`number of kills (default: ${FULL.kills})`),
      applications: wholeNumber(`number of kills while a plan is applied (default: ${FULL.applications})`),
      rounds: wholeNumber(`number of rounds of eight processes (default: ${FULL.rounds})`),
    },
    run: async ({ quick, seed, ...given }) => {
      const defaults = quick ? QUICK : FULL;
      const { kills = defaults.kills, rounds = defaults.rounds, applications = defaults.applications } = given;
      console.log(`seed ${seed}: ${kills} kills, ${rounds} rounds of eight processes, ${applications} kills of apply`);
      const tally = newTally();
      const stage = await Stage.make();
      try {
        await killRounds(stage, seed, kills, tally);
        await concurrentRounds(stage, seed, rounds, tally);
        await applyRounds(seed, applications, tally);
      } finally {
        await stage.remove();
      }
      console.log(`${tally.events()}\n${tally.totals([])}`);
      return tally.isClean;
    },
  },
  process.argv.slice(2),
);
