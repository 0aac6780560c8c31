import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  type Analyzer,
  type ConfiguredPlugin,
  createAnalyzer,
  type OptionValues,
  type PartKind,
  type Plugin,
  type Registration,
} from '@virt-similarity/core';
import { completeOptionValues } from '@virt-similarity/core/options';
import { asserting, assertSame, type ContractTest } from './contract-test.js';
import { assertDeclarations, ONE_LINE, WORDS } from './option-declarations.js';
import { behaviorOf, runsInThreads, SAMPLE_READER } from './part-behavior.js';
import { constructPart, importPlugin, registrationsOf } from './plugin-parts.js';
import { type PluginProbe, probePlugin } from './plugin-probe.js';

/** The settings to test a plugin with. */
export interface PluginCase {
  /** Values for the plugin's options; omitted options have their defaults. */
  readonly options?: OptionValues | undefined;
  /**
   * Modules of other plugins, in the same form as the plugin's module: those whose parts the plugin injects, and those
   * that users load with it.
   */
  readonly beside?: readonly string[] | undefined;
}

/** A plugin with the settings to test it with. */
interface Subject {
  /** The URL of its module. */
  readonly module: string;
  readonly plugin: Plugin;
  readonly options: OptionValues;
  readonly others: readonly Plugin[];
}

/** The pattern of https://semver.org, without its named groups. */
const VERSION =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-z-][\da-z-]*)(\.(0|[1-9]\d*|\d*[a-z-][\da-z-]*))*)?(\+[\da-z-]+(\.[\da-z-]+)*)?$/i;
/** A word that a user can type. */
const WORD = /^[^\s\p{Cc}]+$/u;

/** The descriptive members of a part, by kind. */
const DESCRIPTIONS: Readonly<Record<PartKind, readonly string[]>> = {
  source: [],
  reader: ['extensions', 'formats', 'fallback'],
  hasher: ['version', 'digestLength'],
  metric: ['unit', 'alignment'],
  clusterer: ['linkages'],
  reporter: ['extension', 'otherExtensions', 'mediaType', 'isBinary', 'options'],
  command: ['summary', 'usage', 'description', 'examples', 'options', 'operands', 'readsImages'],
};

/**
 * The contract of every plugin. Its parts have their own contracts.
 *
 * @param module its compiled module: a `file:` URL, as `import.meta.resolve` returns it, or an absolute path
 */
export function pluginContract(module: string, { options = {}, beside = [] }: PluginCase = {}): ContractTest[] {
  const address = addressOf(module);
  const others = beside.map(addressOf);
  let probing: Promise<PluginProbe> | undefined;
  const probe = (): Promise<PluginProbe> => {
    probing ??= probePlugin({ module: address, options, beside: others });
    return probing;
  };
  const subject = async (): Promise<Subject> => ({
    module: address,
    plugin: await importPlugin(address),
    options,
    others: await Promise.all(others.map(importPlugin)),
  });
  return asserting({ of: 'Plugin', file: 'plugin.d.ts' }, [
    {
      title: 'can be imported repeatedly and in a thread, and prints nothing',
      run: async () => testImport(await probe()),
    },
    { title: 'is the default export, and has a name', run: async () => testName(await subject()) },
    { title: 'has the URL of its module', run: async () => testUrl(await subject()) },
    {
      title: 'has the same parts in a thread',
      run: async () => testThread(await subject(), await probe()),
    },
    {
      title: 'states a semantic version and a range that includes this core',
      run: async () => testVersions(await subject()),
    },
    { title: 'describes its options, with defaults that are valid', run: async () => testOptions(await subject()) },
    { title: 'has parts that can be chosen by name', run: async () => testNames(await subject()) },
    {
      title: 'has parts that are constructed the same way each time',
      run: async () => testConstruction(await subject()),
    },
    { title: 'has a unique file extension for each report', run: async () => testExtensions(await subject()) },
    {
      title: 'leaves nothing running and no file open when its parts are constructed',
      run: async () => testLeftovers(await probe()),
    },
    {
      title: 'has parts that behave the same in a thread as in the main thread',
      run: async () => testBehavior(await subject()),
    },
  ]);
}

/** Returns the URL of a module. For a file, symbolic links are resolved, as Node.js does for `import.meta.url`. */
function addressOf(module: string): string {
  const url = isAbsolute(module) ? pathToFileURL(module) : new URL(module);
  if (url.protocol !== 'file:') {
    return url.href;
  }
  const { search, hash } = url;
  return `${pathToFileURL(realpathSync(fileURLToPath(url))).href}${search}${hash}`;
}

function requireImported(problem: string | undefined): void {
  assert.equal(problem, undefined, `expected a module that can be imported, found: ${problem}`);
}

function testImport({ problem, printed }: PluginProbe): void {
  requireImported(problem);
  assert.equal(printed, '', 'expected no output: notes go to the logger, and core writes results');
}

function testName({ plugin: { name } }: Subject): void {
  assert.match(name, ONE_LINE, 'name: expected one line');
  assert.ok(!name.includes('='), 'name: expected no =, which ends the name in --plugin-option');
}

async function testUrl({ module, plugin }: Subject): Promise<void> {
  assert.ok(plugin.url !== undefined, 'url: expected import.meta.url, without which no part can run in a thread');
  assert.equal(addressOf(plugin.url), module, 'url: expected import.meta.url of the module that exports the plugin');
}

function testThread({ plugin }: Subject, { problem, inThread }: PluginProbe): void {
  requireImported(problem);
  const here = registrationsOf(plugin).map(({ kind, name }) => `${kind} ${name}`);
  assertSame(inThread, here, 'expected a thread that imports the module to find the same parts');
}

function testVersions({ plugin: { name, version, core } }: Subject): void {
  assert.match(version ?? '1.0.0', VERSION, 'version: expected a semantic version such as 1.0.0');
  if (core !== undefined) {
    createAnalyzer({ plugins: [{ name, core, metrics: {} }] });
  }
}

function testOptions({ plugin, options }: Subject): void {
  assertDeclarations(plugin.options);
  completeOptionValues(plugin.name, plugin.options, options);
}

function testNames({ plugin }: Subject): void {
  for (const { kind, name } of registrationsOf(plugin)) {
    const isFlag = kind === 'command';
    const expected = isFlag ? 'lower-case words joined by hyphens' : 'a name without blanks';
    assert.match(name, isFlag ? WORDS : WORD, `${kind} ${name}: expected ${expected}`);
    assert.ok(!name.startsWith('-'), `${kind} ${name}: expected a name that does not look like an option`);
    assert.ok(
      kind !== 'source' || !/[/:]/.test(name.replace(/:\/\/$/, '')),
      `source ${name}: expected no / or :, except :// at the end, because a word is NAME:WORD or NAME://WORD`,
    );
  }
}

function testConstruction(subject: Subject): void {
  const plugins = pluginsOf(subject);
  for (const { kind, name } of registrationsOf(subject.plugin)) {
    const [one, other] = [1, 2].map(() => constructPart(plugins, kind, name) as unknown as Record<string, unknown>);
    for (const member of DESCRIPTIONS[kind]) {
      assertSame(other![member], one![member], `${kind} ${name}: expected the same ${member} each time`);
    }
  }
}

function testExtensions(subject: Subject): void {
  const { reporters } = createAnalyzer({ plugins: pluginsOf(subject) });
  const owners = new Map<string, string>();
  for (const { name, part } of reporters) {
    const companions = part.companion === undefined ? [] : [part.companion.extension];
    for (const extension of [part.extension, ...(part.otherExtensions ?? []), ...companions]) {
      const owner = owners.get(extension);
      assert.equal(owner, undefined, `${extension}: expected files of reporter ${name} only, found files of ${owner}`);
      owners.set(extension, name);
    }
  }
}

function testLeftovers({ problem, left }: PluginProbe): void {
  requireImported(problem);
  assertSame(left, [], 'expected resources to be acquired only at first use, and released afterwards');
}

/** Runs each part in a thread first, where a part that never returns does not block the test runner. */
async function testBehavior(subject: Subject): Promise<void> {
  const { plugin, options, others } = subject;
  const { url: _, ...withoutUrl } = plugin;
  const inThreads = createAnalyzer({ plugins: [...others, SAMPLE_READER], isolated: [[plugin, options]] });
  const inMainThread = (): Analyzer => createAnalyzer({ plugins: [...others, SAMPLE_READER, [withoutUrl, options]] });
  for (const { kind, name } of threadedParts(plugin)) {
    const part = constructAll(subject).get(`${kind} ${name}`) as never;
    const there = await behaviorOf(inThreads, kind, name, part);
    for (const expectation of ['as in the main thread', 'as in the main thread, constructed again']) {
      const here = await behaviorOf(inMainThread(), kind, name, part);
      assertSame(there, here, `${kind} ${name}: expected the same in a thread ${expectation}`);
    }
  }
}

function threadedParts(plugin: Plugin): readonly Registration[] {
  return registrationsOf(plugin).filter(({ kind }) => runsInThreads(kind));
}

/**
 * Constructs all parts of the plugin, because their constructors may change shared state. Returns them by kind and
 * name.
 */
function constructAll(subject: Subject): ReadonlyMap<string, object> {
  const plugins = pluginsOf(subject);
  return new Map(
    registrationsOf(subject.plugin).map(({ kind, name }) => [`${kind} ${name}`, constructPart(plugins, kind, name)]),
  );
}

function pluginsOf({ plugin, options, others }: Subject): ConfiguredPlugin[] {
  return [...others, [plugin, options]];
}
