import { analyze } from './analyze.js';
import type { BuiltInCommand } from './built-in-command.js';
import { cache } from './cache.js';
import { completion } from './completion.js';
import { config } from './config.js';
import { doctor } from './doctor.js';
import { hash } from './hash.js';
import { plugins } from './plugins.js';
import { view } from './view.js';

/**
 * The built-in commands, in the order of the help. To add a command, add a module and list it here. The first is the
 * default command.
 */
export const COMMANDS: readonly BuiltInCommand[] = [analyze, hash, view, plugins, cache, config, completion, doctor];
