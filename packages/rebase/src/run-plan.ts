import { resolve } from 'node:path';
import type { CommandContext, HashedImages, OptionValues, ValuesOf } from '@virt-similarity/core';
import { realPath } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { makePlan } from './make-plan.js';
import { directoriesOf, type LeftOut, type PlanInput, planInputs } from './plan-inputs.js';
import { planJson } from './plan-json.js';
import type { PLAN_OPTIONS } from './plan-options.js';
import { planShell } from './plan-shell.js';
import { planRows, summaryOf } from './plan-table.js';

/** The exit code if some images failed or were left out. The plan for the other images was printed. */
const EXIT_PARTIAL = 3;

export async function runPlan(context: CommandContext): Promise<number> {
  const options = context.options as ValuesOf<typeof PLAN_OPTIONS> & OptionValues;
  const { messages, signal } = context;
  const hashed = await context.images!.hash();
  const { inputs, leftOut } = await planInputs(hashed);
  for (const { path, reason } of leftOut) {
    messages.warning(`left out of the plan: ${path}: ${reason}`);
  }
  const firstFailure = hashed.outcomes.find(({ error }) => error !== undefined)?.error;
  if (inputs.length < 2) {
    throw firstFailure ?? tooFew(inputs.length);
  }
  const plan = await makePlan(inputs, {
    bases: options.bases as 'auto' | 'existing' | 'synthetic',
    maxDepth: options['max-depth'],
    minSaving: options['min-saving'],
    keep: await numbersOf(options.keep ?? [], inputs),
    ...(options['only-base'] !== undefined && { onlyBases: await numbersOf(options['only-base'], inputs) }),
    ...(options['group-by'] === 'directory' && { groups: directoriesOf(inputs) }),
    signal,
  });
  switch (options['output-format']) {
    case 'json':
      await context.write(planJson(plan, inputs, await pathsLeftOut(leftOut, hashed)));
      break;
    case 'shell':
      await context.write(planShell(plan, inputs));
      break;
    default:
      await context.writeTable(planRows(plan, inputs));
  }
  messages.note(summaryOf(plan));
  return firstFailure === undefined && leftOut.length === 0 ? 0 : EXIT_PARTIAL;
}

/** Returns the absolute paths of the named images that are not part of the plan. */
async function pathsLeftOut(leftOut: readonly LeftOut[], { outcomes }: HashedImages): Promise<string[]> {
  const failed = outcomes.filter(({ error }) => error !== undefined);
  return Promise.all([...leftOut, ...failed].map(async ({ path }) => resolve(await realPath(path).catch(() => path))));
}

function tooFew(found: number): VirtSimilarityError {
  return new VirtSimilarityError(
    'usage',
    `expected at least two images to plan for, found ${found}; name another image`,
  );
}

/**
 * Returns the indices of the images with these paths.
 *
 * @throws `usage` if a path is not among the images.
 */
async function numbersOf(paths: readonly string[], inputs: readonly PlanInput[]): Promise<Set<number>> {
  const files = inputs.map(({ identity }) => identity.chain[0]!.parts[0]!.path);
  const numbers = new Set<number>();
  for (const path of paths) {
    const number = files.indexOf(await realPath(path).catch(() => path));
    if (number < 0) {
      throw new VirtSimilarityError('usage', `${path} is not among the images of the plan; name it as an image too`);
    }
    numbers.add(number);
  }
  return numbers;
}
