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
  const [path] = operands as [string];
  const plan = await readPlanFile(path);
  const journalPath = `${path}.journal`;
  const entries = await Journal.read(journalPath);
  Journal.requirePlan(entries, plan.id, journalPath);
  if (!rollback && !commit) {
    await requireAcceptable(plan, { formatChange: formatChange === true });
    if (entries.length > 0 && !resume && !dryRun) {
      throw new VirtSimilarityError(
        'refused',
        wording`the plan ${path} was begun already; continue with ${{ option: 'resume' }} or undo it with ${{ option: 'rollback' }}`,
      );
    }
    if (entries.some(({ event }) => event === 'rolled-back')) {
      throw new VirtSimilarityError('refused', `the plan ${path} was rolled back; plan again`);
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
    }
  } finally {
    await application.close();
    await journal?.close();
  }
  return 0;
}
