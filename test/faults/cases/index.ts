import type { FaultCase } from '../fault-case.js';
import { AMBIGUOUS_FORMATS } from './ambiguous-formats.js';
import { ARCHIVES } from './archives.js';
import { ATTACKS } from './attacks.js';
import { BACKING_FILES } from './backing-files.js';
import { CACHE_DIRECTORIES } from './cache-directories.js';
import { CACHE_ENTRIES } from './cache-entries.js';
import { CHANGE_AND_USE } from './change-and-use.js';
import { COMPRESSED_DISKS } from './compressed-disks.js';
import { DAMAGED_HEADERS } from './damaged-headers.js';
import { EXTENT_BOMBS } from './extent-bombs.js';
import { FOREIGN_FILES } from './foreign-files.js';
import { HASHERS } from './hashers.js';
import { HYPERVISOR_FORMATS } from './hypervisor-formats.js';
import { INPUT_FAULTS } from './input-faults.js';
import { LISTINGS } from './listings.js';
import { NAMES } from './names.js';
import { NAMES_IN_TABLES } from './names-in-tables.js';
import { OUTPUTS } from './outputs.js';
import { PLANS } from './plans.js';
import { PLUGINS } from './plugins.js';
import { REFERENCED_FILES } from './referenced-files.js';
import { RESOURCES } from './resources.js';
import { SECRETS_AND_TOOLS } from './secrets-and-tools.js';
import { SIZES } from './sizes.js';
import { SPECIAL_FILES } from './special-files.js';
import { TRUNCATIONS } from './truncations.js';

/** All implemented cases, by topic. */
export const CASES: readonly FaultCase[] = [
  ...AMBIGUOUS_FORMATS,
  ...BACKING_FILES,
  ...FOREIGN_FILES,
  ...SIZES,
  ...EXTENT_BOMBS,
  ...COMPRESSED_DISKS,
  ...ARCHIVES,
  ...TRUNCATIONS,
  ...CHANGE_AND_USE,
  ...SPECIAL_FILES,
  ...INPUT_FAULTS,
  ...CACHE_ENTRIES,
  ...CACHE_DIRECTORIES,
  ...LISTINGS,
  ...NAMES,
  ...RESOURCES,
  ...PLUGINS,
  ...PLANS,
  ...SECRETS_AND_TOOLS,
  ...REFERENCED_FILES,
  ...OUTPUTS,
  ...HASHERS,
  ...NAMES_IN_TABLES,
  ...ATTACKS,
  ...DAMAGED_HEADERS,
  ...HYPERVISOR_FORMATS,
];
