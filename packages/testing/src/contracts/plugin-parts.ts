import {
  type ConfiguredPlugin,
  checkPlugin,
  createAnalyzer,
  defaultExportOf,
  type PartKind,
  type PartKinds,
  type Plugin,
  type Registration,
} from '@virt-similarity/core';

/** The name of a plugin and its hasher. The factory of the hasher obtains the part to construct from the registry. */
const COLLECTOR = 'testing-collector';

/**
 * Returns the plugin that a module exports.
 *
 * @throws `usage` if its default export is not a valid plugin, and any error of the module.
 */
export async function importPlugin(address: string): Promise<Plugin> {
  return checkPlugin(defaultExportOf(await import(address)), address);
}

/** Returns the registrations of the plugin's parts, even if its options or its range of core versions are invalid. */
export function registrationsOf(plugin: Plugin): readonly Registration[] {
  const { core: _, options: __, ...parts } = plugin;
  return createAnalyzer({ plugins: [parts] }).registrations.filter((part) => part.plugin === plugin.name);
}

/**
 * Returns a part as the registry constructs it, a new one at each call.
 *
 * @throws as `createAnalyzer`, and `plugin` if the part cannot be constructed.
 */
export function constructPart<Kind extends PartKind>(
  plugins: readonly ConfiguredPlugin[],
  kind: Kind,
  name: string,
): PartKinds[Kind] {
  let found: PartKinds[Kind] | undefined;
  const collector: Plugin = {
    name: COLLECTOR,
    hashers: {
      [COLLECTOR]: {
        create({ part }) {
          found = part(kind, name);
          return { version: '1', digestLength: 1, hash: () => {} };
        },
      },
    },
  };
  createAnalyzer({ plugins: [...plugins, collector] }).hasherVersion(COLLECTOR);
  return found!;
}
