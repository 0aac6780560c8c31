import { readArguments, USAGE } from './arguments.js';
import { concurrentRounds } from './concurrent-rounds.js';
import { killRounds } from './kill-rounds.js';
import { Stage } from './stage.js';
import { Tally } from './tally.js';

async function main(words: readonly string[]): Promise<number> {
  const { seed, kills, rounds } = readArguments(words);
  console.log(`seed ${seed}: ${kills} kills, ${rounds} rounds of eight processes on one cache`);
  const tally = new Tally();
  const stage = await Stage.make();
  try {
    await killRounds(stage, seed, kills, tally);
    await concurrentRounds(stage, seed, rounds, tally);
  } finally {
    await stage.remove();
  }
  console.log(tally.lines().join('\n'));
  return tally.isClean ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (thrown) {
  console.error(`test:crash: ${thrown instanceof Error ? thrown.message : thrown}\n\n${USAGE}`);
  process.exitCode = 2;
}
