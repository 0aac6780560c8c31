import type { FaultCase } from '../harness/fault-case.js';
import { AMBIGUOUS_FORMATS } from './ambiguous-formats.js';
import { BACKING_FILES } from './backing-files.js';
import { FOREIGN_FILES } from './foreign-files.js';

/** Every case that is built, in the order of the list of threats. */
export const CASES: readonly FaultCase[] = [...AMBIGUOUS_FORMATS, ...BACKING_FILES, ...FOREIGN_FILES];

/** Cases that belong to the applying of plans, as does the second half of 56. */
export const WAITING: readonly number[] = [59, 60];
