import type { CommandContext, OptionValues, ValuesOf } from '@virt-similarity/core';
import { classifyFailure, messageOf, VirtSimilarityError, wording } from '@virt-similarity/core/errors';
import { requireAcceptable } from './acceptance.js';
import type { APPLY_OPTIONS } from './apply-options.js';
import { applyPlan } from './apply-plan.js';
import { commitPlan } from './commit-plan.js';
import { Journal, type JournalEntry } from './journal.js';
import { PlanDisks } from './plan-disks.js';
import { type PlanFileReference, parsePlan, readPlanFile } from './plan-file.js';
import { PlanState } from './plan-state.js';
import { requireApplicable } from './preconditions.js';
import { rollBackPlan } from './roll-back-plan.js';

/** The exit code if some images of the plan were given up. */
const EXIT_PARTIAL = 3;

export async function runApply({
  options,
  operands,
  messages,
  analyzer,
  signal,
  writeTable,
}: CommandContext): Promise<number> {
  const {
    'dry-run': dryRun,
    resume,
    rollback,
    commit,
    'accept-format-change': formatChange,
  } = options as ValuesOf<typeof APPLY_OPTIONS> & OptionValues;
  if ([resume, rollback, commit].filter(Boolean).length > 1 || (dryRun && (rollback || commit))) {
    throw new VirtSimilarityError(
      'usage',
      'expected at most one of --resume, --rollback and --commit, and neither --rollback nor --commit with --dry-run; choose one',
    );
  }
  const [path] = operands as [string];
  const journalPath = `${path}.journal`;
  const entries = await Journal.read(journalPath);
  const [began] = entries;
  const isContinued = resume || rollback || commit;
  const plan = isContinued && began?.event === 'began' ? parsePlan(journalPath, began.text) : await readPlanFile(path);
  const requireFitting = async (found: readonly JournalEntry[]) => {
    Journal.requirePlan(found, plan.id, journalPath);
    if (rollback || commit) {
      requireBegun(found, path);
    } else {
      requireNotEnded(found, path);
      await requireAcceptable(plan, { formatChange: formatChange === true });
      requireNotBegun(resume || dryRun ? [] : found, path);
    }
  };
  await requireFitting(entries).catch((thrown: unknown) => {
    throw systemError(thrown, path);
  });
  const journal = dryRun ? undefined : await Journal.open(journalPath);
  const state = new PlanState(plan, journal ?? Journal.forTrial(entries));
  const disks = new PlanDisks(state, await analyzer(), signal);
  const note = (text: string) => messages.note(text);
  try {
    // Another process may have written to the journal before this one opened it.
    await requireFitting(state.journal.entries);
    if (dryRun) {
      await requireApplicable(state, disks);
      await writeTable([['NEW FILE', 'BASE'], ...newFileRows(state)]);
    } else if (rollback) {
      await rollBackPlan(state, disks, note);
    } else if (commit) {
      await commitPlan(state, disks, note, signal);
    } else {
      await applyPlan(state, disks, note, signal);
      note(
        'the originals are kept, and machines can start again; delete the originals with --commit, or restore them with --rollback',
      );
      for (const image of state.givenUp) {
        messages.warning(`${image} stays as it is: it changed while the plan was interrupted`);
      }
      for (const image of imagesWithNewFormat(state)) {
        messages.warning(
          `${image} is qcow2 now: change the definition of its machine, and put --format qcow2 before the image's name in later commands`,
        );
      }
    }
  } catch (thrown) {
    throw systemError(thrown, path);
  } finally {
    await state.close();
    await journal?.close();
  }
  return state.givenUp.length > 0 && !rollback ? EXIT_PARTIAL : 0;
}

function requireBegun(entries: readonly JournalEntry[], path: string): void {
  if (entries.length === 0) {
    throw new VirtSimilarityError('refused', `nothing of the plan ${path} was applied`);
  }
}

function requireNotEnded(entries: readonly JournalEntry[], path: string): void {
  const has = (event: JournalEntry['event']) => entries.some((entry) => entry.event === event);
  if (has('rolled-back') || has('committed')) {
    const end = has('committed') ? 'committed' : 'rolled back';
    throw new VirtSimilarityError('refused', `the plan ${path} was ${end}; plan again`);
  }
  if (has('committing')) {
    throw new VirtSimilarityError(
      'refused',
      wording`the commit of the plan ${path} was interrupted; complete it with ${{ option: 'commit' }}`,
    );
  }
}

function requireNotBegun(entries: readonly JournalEntry[], path: string): void {
  if (entries.length > 0) {
    throw new VirtSimilarityError(
      'refused',
      wording`the plan ${path} has already been started; continue with ${{ option: 'resume' }} or undo it with ${{ option: 'rollback' }}`,
    );
  }
}

/** Returns the error for the user; errors of the file system become errors of this project. */
function systemError(thrown: unknown, path: string): unknown {
  if (!(thrown instanceof Error) || !('syscall' in thrown)) {
    return thrown;
  }
  const remedy = 'check the permissions and the storage of the images, then resume or roll back';
  const { code, ending } = classifyFailure(thrown, 'unreadable', remedy);
  return new VirtSimilarityError(code, wording`cannot apply ${path}: ${messageOf(thrown)}${ending}`, { cause: thrown });
}

function imagesWithNewFormat(state: PlanState): string[] {
  return state.changedImages
    .filter((index) => state.image(index).chain[0]!.format !== 'qcow2')
    .map((index) => state.paths.image(index));
}

/** Returns a row for each new file, with its final path and its base. */
function newFileRows({ plan, paths, changedImages }: PlanState): string[][] {
  const nameOf = (base: PlanFileReference) => (base === null ? '' : paths.content(base).path);
  const rows = plan.newBases.map(({ base }, index) => [paths.newBase(index), nameOf(base)]);
  for (const index of changedImages) {
    const { isWritten, base } = plan.images[index]!;
    const becomesBase = paths.becomesBase(index);
    if (becomesBase) {
      rows.push([paths.base(index), isWritten ? nameOf(base) : '']);
    }
    rows.push([paths.image(index), becomesBase ? paths.base(index) : nameOf(base)]);
  }
  return rows;
}
