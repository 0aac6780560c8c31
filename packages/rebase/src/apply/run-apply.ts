import type { CommandContext, OptionValues, ValuesOf } from '@virt-similarity/core';
import { VirtSimilarityError, wording } from '@virt-similarity/core/errors';
import { requireAcceptable } from './acceptance.js';
import type { APPLY_OPTIONS } from './apply-options.js';
import { applyPlan } from './apply-plan.js';
import { commitPlan } from './commit-plan.js';
import { Journal, type JournalEntry } from './journal.js';
import { PlanDisks } from './plan-disks.js';
import { type PlanFileReference, readPlanFile } from './plan-file.js';
import { PlanState } from './plan-state.js';
import { requireApplicable } from './preconditions.js';
import { rollBackPlan } from './roll-back-plan.js';

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
      'expected at most one of --resume, --rollback and --commit, and --dry-run without --rollback and --commit; choose one',
    );
  }
  const [path] = operands as [string];
  const plan = await readPlanFile(path);
  const journalPath = `${path}.journal`;
  const requireFitting = async (entries: readonly JournalEntry[]) => {
    Journal.requirePlan(entries, plan.id, journalPath);
    if (rollback || commit) {
      requireBegun(entries, path, journalPath);
    } else {
      requireNotEnded(entries, path);
      await requireAcceptable(plan, { formatChange: formatChange === true });
      requireNotBegun(resume || dryRun ? [] : entries, path);
    }
  };
  const entries = await Journal.read(journalPath);
  await requireFitting(entries);
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
      await commitPlan(state, note, signal);
    } else {
      await applyPlan(state, disks, note, signal);
      note(
        'the originals are kept, and machines can start again; delete the originals with --commit, or restore them with --rollback',
      );
      for (const image of imagesWithNewFormat(state)) {
        messages.warning(
          `${image} is qcow2 now: change the definition of its machine, and name it with --format qcow2`,
        );
      }
    }
  } finally {
    await state.close();
    await journal?.close();
  }
  return 0;
}

function requireBegun(entries: readonly JournalEntry[], path: string, journalPath: string): void {
  if (entries.length === 0) {
    throw new VirtSimilarityError('refused', `the plan ${path} was not applied: there is no journal ${journalPath}`);
  }
}

function requireNotEnded(entries: readonly JournalEntry[], path: string): void {
  const ended = entries.find(({ event }) => event === 'rolled-back' || event === 'committing');
  if (ended !== undefined) {
    const end = ended.event === 'rolled-back' ? 'rolled back' : 'committed';
    throw new VirtSimilarityError('refused', `the plan ${path} was ${end}; plan again`);
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

function imagesWithNewFormat(state: PlanState): string[] {
  return state.changedImages
    .filter((index) => state.image(index).chain[0]!.format !== 'qcow2')
    .map((index) => state.paths.image(index));
}

/** Returns a row for each new file, with the path at which it will finally be and its base. */
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
