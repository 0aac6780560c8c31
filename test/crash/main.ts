import { flag, seed, wholeNumber } from '../harness/options.js';
import { runHarness } from '../harness/run-harness.js';
import { concurrentRounds } from './concurrent-rounds.js';
import { newTally } from './faults.js';
import { killRounds } from './kill-rounds.js';
import { Stage } from './stage.js';

const WHOLE = { kills: 200, rounds: 50 };
const QUICK = { kills: 10, rounds: 2 };

process.exitCode = await runHarness(
  {
    name: 'test:crash',
    purpose: 'Kills the command at random points, and runs eight of it at a time on one cache.',
    options: {
      quick: flag(`${QUICK.kills} kills and ${QUICK.rounds} rounds: under a minute`),
      seed: seed('the random points'),
      kills: wholeNumber(`so many kills; ${WHOLE.kills} by default`),
      rounds: wholeNumber(`so many rounds of eight processes; ${WHOLE.rounds} by default`),
    },
    run: async ({ quick, seed, ...given }) => {
      const usual = quick ? QUICK : WHOLE;
      const { kills = usual.kills, rounds = usual.rounds } = given;
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
