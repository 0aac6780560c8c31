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

/** A part that has another one injected for the suite. */
const COLLECTOR = 'contract-tests-collector';

/**
 * The plugin that a module exports.
 *
 * @throws `usage` where it exports none, and what the module throws.
 */
export async function importPlugin(address: string): Promise<Plugin> {
  return checkPlugin(defaultExportOf(await import(address)), address);
}

/** What the plugin registers, kind by kind, whatever is wrong with its options or versions. */
export function registrationsOf(plugin: Plugin): readonly Registration[] {
  const { core: _, options: __, ...parts } = plugin;
  return createAnalyzer({ plugins: [parts] }).registrations.filter((part) => part.plugin === plugin.name);
}

/**
 * A part as the registry constructs it, anew at each call.
 *
 * @throws as `createAnalyzer`, and `plugin`.
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
