import type { BaseReference, Plan } from './plan.js';
import type { PlanInput } from './plan-inputs.js';
import { sizeText } from './size-text.js';

/** Returns the rows of a table: the titles, then the forest of bases and their overlays with sizes, then the totals. */
export function planRows(plan: Plan, inputs: readonly PlanInput[]): string[][] {
  const rows: string[][] = [['IMAGE', 'NOW', 'PLANNED', 'CHANGE']];
  const add = (file: BaseReference, depth: number): void => {
    rows.push(rowOf(file, depth, plan, inputs));
    for (const child of childrenOf(file, plan)) {
      add(child, depth + 1);
    }
  };
  for (const root of childrenOf(undefined, plan)) {
    add(root, 0);
  }
  rows.push(['total', sizeText(plan.bytesNow), sizeText(plan.bytesPlanned), '']);
  return rows;
}

/** Returns one line that states what a plan saves and writes. */
export function summaryOf({ bytesNow, bytesPlanned, bytesToWrite, lowerBound }: Plan): string {
  const saved = bytesNow - bytesPlanned;
  if (bytesToWrite === 0) {
    return 'no change within the limits of the options would save space';
  }
  const share = ((100 * saved) / bytesNow).toFixed(0);
  const bound =
    lowerBound === undefined || lowerBound >= bytesPlanned
      ? ''
      : `; no plan with existing bases saves more than ${sizeText(bytesNow - lowerBound)}`;
  return `saves ${sizeText(saved)} (${share} %), writes ${sizeText(bytesToWrite)}${bound}`;
}

function rowOf(file: BaseReference, depth: number, plan: Plan, inputs: readonly PlanInput[]): string[] {
  const indent = '  '.repeat(depth);
  if (file.kind === 'new') {
    const { bytes } = plan.newBases[file.index]!;
    return [`${indent}${nameOfNewBase(file.index)}`, '', sizeText(bytes), 'new base'];
  }
  const { bytesNow, bytes, isWritten, emptyOverlayBytes, base } = plan.images[file.index]!;
  const changes = [
    ...(isWritten ? [base === undefined ? 'made independent' : 'new overlay'] : []),
    ...(emptyOverlayBytes > 0 ? ['becomes a base, its machine continues in an empty overlay'] : []),
  ];
  return [
    `${indent}${inputs[file.index]!.path}`,
    sizeText(bytesNow),
    sizeText(bytes + emptyOverlayBytes),
    changes.join('; '),
  ];
}

/** Returns the name of a new base in the table, which is also the beginning of its file name. */
export function nameOfNewBase(index: number): string {
  return `common-base-${index + 1}`;
}

function childrenOf(file: BaseReference | undefined, { images, newBases }: Plan): BaseReference[] {
  const isOn = ({ base }: { readonly base?: BaseReference | undefined }) =>
    base?.kind === file?.kind && base?.index === file?.index;
  return [
    ...newBases.flatMap((base, index) => (isOn(base) ? [{ kind: 'new', index } as const] : [])),
    ...images.flatMap((image, index) => (isOn(image) ? [{ kind: 'image', index } as const] : [])),
  ];
}
