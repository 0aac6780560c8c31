import { flag, seed, wholeNumber } from '../harness/options.js';
import { runHarness } from '../harness/run-harness.js';
import { concurrentRounds } from './concurrent-rounds.js';
import { newTally } from './faults.js';
import { killRounds } from './kill-rounds.js';
import { Stage } from './stage.js';

const FULL = { kills: 200, rounds: 50 };
const QUICK = { kills: 10, rounds: 2 };

process.exitCode = await runHarness(
  {
    name: 'test:crash',
    purpose: 'Kills the command at random points, and runs eight processes at a time on one cache.',
    options: {
      quick: flag(`${QUICK.kills} kills and ${QUICK.rounds} rounds, in under a minute`),
      seed: seed('the random points'),
      kills: wholeNumber(`number of kills (default: ${FULL.kills})`),
      rounds: wholeNumber(`number of rounds of eight processes (default: ${FULL.rounds})`),
    },
    run: async ({ quick, seed, ...given }) => {
      const defaults = quick ? QUICK : FULL;
      const { kills = defaults.kills, rounds = defaults.rounds } = given;
      console.log(`seed ${seed}: ${kills} kills, ${rounds} rounds of eight processes on one cache`);
      const tally = newTally();
      const stage = await Stage.make();
      try {
        await killRounds(stage, seed, kills, tally);
        await concurrentRounds(stage, seed, rounds, tally);
      } finally {
        await stage.remove();
      }
      console.log(`${tally.events()}\n${tally.totals([])}`);
      return tally.isClean;
    },
  },
  process.argv.slice(2),
);
