import { analyze } from './analyze.js';
import { cache } from './cache.js';
import { doctor } from './doctor.js';
import { hash } from './hash.js';
import type { OwnCommand } from './own-command.js';
import { plugins } from './plugins.js';

/**
 * The commands of this program, in the order in which the help lists them: a command is a module and a line here. The
 * first is run where the command line names none.
 */
export const COMMANDS: readonly OwnCommand[] = [analyze, hash, plugins, cache, doctor];
