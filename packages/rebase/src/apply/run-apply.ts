import type { CommandContext, OptionValues, ValuesOf } from '@virt-similarity/core';
import { VirtSimilarityError, wording } from '@virt-similarity/core/errors';
import type { APPLY_OPTIONS } from './apply-options.js';
import { PlanApplication } from './apply-plan.js';
import { Journal } from './journal.js';
import { readPlanFile } from './plan-file.js';
import { requireAcceptable } from './requirements.js';

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
      'expected one of --resume, --rollback and --commit, and --dry-run only without the last two; choose one',
    );
  }
  const [path] = operands as [string];
  const plan = await readPlanFile(path);
  const journalPath = `${path}.journal`;
  const entries = await Journal.read(journalPath);
  Journal.requirePlan(entries, plan.id, journalPath);
  if (!rollback && !commit) {
    const ended = entries.find(({ event }) => event === 'rolled-back' || event === 'committing');
    if (ended !== undefined) {
      const end = ended.event === 'rolled-back' ? 'rolled back' : 'committed';
      throw new VirtSimilarityError('refused', `the plan ${path} was ${end}; plan again`);
    }
    await requireAcceptable(plan, { formatChange: formatChange === true });
    if (entries.length > 0 && !resume && !dryRun) {
      throw new VirtSimilarityError(
        'refused',
        wording`the plan ${path} has already been started; continue with ${{ option: 'resume' }} or undo it with ${{ option: 'rollback' }}`,
      );
    }
  } else if (entries.length === 0) {
    throw new VirtSimilarityError('refused', `the plan ${path} was not applied: there is no journal ${journalPath}`);
  }
  const journal = dryRun ? undefined : await Journal.open(journalPath);
  const application = new PlanApplication(plan, {
    analyzer: await analyzer(),
    journal: journal ?? Journal.forTrial(entries),
    note: (text) => messages.note(text),
    signal,
  });
  try {
    if (dryRun) {
      await application.check();
      await writeTable([['NEW FILE', 'BASE'], ...application.newFileRows()]);
    } else if (rollback) {
      await application.rollBack();
    } else if (commit) {
      await application.commit();
    } else {
      await application.apply();
      messages.note(
        'the originals are kept; machines can start again. Free their space with --commit, or go back with --rollback',
      );
      for (const image of application.imagesWithNewFormat()) {
        messages.warning(
          `${image} is qcow2 now: change the definition of its machine, and name it with --format qcow2`,
        );
      }
    }
  } finally {
    await application.close();
    await journal?.close();
  }
  return 0;
}
