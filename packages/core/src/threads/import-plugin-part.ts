import { createRequire } from 'node:module';
import type { Constructor, Plugin } from '../contracts/plugin.js';
import { VirtSimilarityError } from '../errors.js';
import { enterPluginThread } from './require-not-the-program.js';

/** The lists of a plugin whose classes are constructed in threads too. */
type ThreadedList = 'hashers' | 'metrics' | 'clusterers' | 'reporters';

/** What the classes of one of a plugin's lists make. */
type PartOf<List extends ThreadedList> =
  NonNullable<Plugin[List]>[number] extends Constructor<infer Part> ? Part : never;

/**
 * Imports a plugin's module into this thread and constructs the one of that name in that list.
 * Throws what the module and the classes throw, and `plugin` where there is none of that name.
 */
export async function importPluginPart<List extends ThreadedList>(
  url: string,
  list: List,
  name: string,
): Promise<PartOf<List>> {
  const plugin = await importPlugin(url);
  const classes: readonly Constructor<{ readonly name: string }>[] = plugin[list] ?? [];
  for (const partClass of classes) {
    const part = await construct(partClass);
    if (part.name === name) return part as PartOf<List>;
  }
  throw new VirtSimilarityError('plugin', `${url} has no ${name} among its ${list} when imported by a worker thread`);
}

/** Imports a plugin's module into this thread and constructs whatever can be. Throws what the module throws. */
export async function tryPluginParts(url: string): Promise<void> {
  const plugin: unknown = await importPlugin(url);
  if (typeof plugin !== 'object' || plugin === null) return;
  const classes = Object.values(plugin)
    .flat()
    .filter((listed) => typeof listed === 'function');
  for (const partClass of classes) await construct(partClass as Constructor<unknown>).catch(() => {});
}

async function importPlugin(url: string): Promise<Plugin> {
  enterPluginThread();
  // A plugin that imports tsyringe, for whichever of its classes, cannot be loaded without it.
  createRequire(import.meta.url)('reflect-metadata/lite');
  return ((await import(url)) as { default: Plugin }).default;
}

/**
 * The container takes a thread more time to load than all the rest, and only a constructor with parameters needs it: the
 * class's own, or one that it inherits.
 */
async function construct<Part>(partClass: Constructor<Part>): Promise<Part> {
  const isDerived = Object.getPrototypeOf(partClass) !== Function.prototype;
  if (partClass.length === 0 && !isDerived) return new partClass();
  const { container } = await import('tsyringe');
  return container.resolve<Part>(partClass);
}
