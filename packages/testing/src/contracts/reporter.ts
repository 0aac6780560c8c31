import assert from 'node:assert/strict';
import {
  type Analysis,
  type OptionValue,
  type OptionValues,
  plainText,
  type Reporter,
  type ReportPieces,
  VirtSimilarityError,
} from '@virt-similarity/core';
import { completeOptionValues } from '@virt-similarity/core/options';
import { HOSTILE_NAMES } from '../fixtures/hostile-names.js';
import { sampleAnalysis, sampleCaterpillar } from '../fixtures/sample-analysis.js';
import { asserting, assertSame, type ContractTest } from './contract-test.js';
import { assertDeclarations } from './option-declarations.js';
import { watchOutput } from './watch-output.js';

const EXTENSION = /^(\.[A-Za-z0-9-]+)+$/;
const MEDIA_TYPE = /^[a-z]+\/[A-Za-z0-9][A-Za-z0-9.+-]*$/;

/** Characters that a terminal interprets or that UTF-8 cannot represent. */
const UNPRINTABLE = /(?![\n\t])\p{Cc}|\p{Cs}/u;
/** A sequence that sets the color of a terminal's text. */
const COLOR = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');

function family(): Analysis {
  return sampleAnalysis(
    ['base', 'web-1', 'web-2', 'other', 'twin'],
    [
      [3, 4, 0],
      [1, 2, 17],
      [0, 6, 17],
      [5, 7, 2048.5],
    ],
  );
}

const WITH_FAILURE: Analysis = {
  ...family(),
  failures: [{ path: '/images/bad\n.qcow2', error: new VirtSimilarityError('corrupt', '"bad\\n.qcow2" <ends> early') }],
};

/** The contract of every reporter. */
export function reporterContract(create: () => Reporter): ContractTest[] {
  return asserting({ of: 'Reporter', file: 'reporter.d.ts' }, [
    { title: 'has a valid extension and media type', run: async () => checkForms(create()) },
    {
      title: 'describes its options, with defaults that are valid',
      run: async () => assertDeclarations(create().options),
    },
    {
      title: 'reports an analysis as text that ends with a newline, or as bytes if it is binary',
      run: () => checkTexts(create(), family()),
    },
    { title: 'reports a single image', run: () => checkTexts(create(), sampleAnalysis(['alone'], [])) },
    { title: 'reports images that failed', run: () => checkTexts(create(), WITH_FAILURE) },
    {
      title: 'reports names with any characters',
      run: () => checkTexts(create(), sampleCaterpillar(HOSTILE_NAMES)),
    },
    { title: 'reports the same analysis the same way every time', run: () => checkRepetition(create) },
    { title: 'does not change the analysis', run: () => checkUnchanged(create()) },
    { title: 'prints nothing', run: () => checkOutput(create()) },
    {
      title: 'has an empty companion with each option of emptyWith, if it has a companion',
      run: () => checkCompanion(create()),
    },
    {
      title: 'returns warnings of one line each, which do not depend on whether an empty companion is written',
      run: () => checkWarnings(create()),
    },
  ]);
}

function checkForms(reporter: Reporter): void {
  assert.match(reporter.extension, EXTENSION, 'extension: expected a dot and letters, such as .nwk');
  assert.match(reporter.mediaType, MEDIA_TYPE, 'mediaType: expected a media type such as text/plain');
  if (reporter.companion !== undefined) {
    assert.match(reporter.companion.extension, EXTENSION, 'companion.extension: expected a dot and letters');
    assert.notEqual(
      reporter.companion.extension,
      reporter.extension,
      'companion.extension: expected an extension other than that of the report',
    );
  }
}

async function checkTexts(reporter: Reporter, analysis: Analysis): Promise<void> {
  const { isBinary, options: declared = {} } = reporter;
  const isForColors = ([name, value]: readonly [string, OptionValue]): boolean => {
    const declaration = declared[name];
    return value === true && declaration?.type === 'boolean' && declaration.onTerminal === 'colors';
  };
  for (const { part, options, text } of await texts(reporter, analysis)) {
    if (isBinary && part === 'report') {
      continue;
    }
    const plain = Object.entries(options).some(isForColors) ? text.replaceAll(COLOR, '') : text;
    const found = JSON.stringify(plain.match(UNPRINTABLE)?.[0]);
    assert.doesNotMatch(plain, UNPRINTABLE, `${part}: expected unprintable characters to be escaped, found ${found}`);
    if (text !== '' || part === 'report') {
      // A companion may be empty.
      assert.ok(text.endsWith('\n'), `${part} with ${JSON.stringify(options)}: expected a newline at the end`);
    }
  }
}

async function checkRepetition(create: () => Reporter): Promise<void> {
  const reporter = create();
  const first = await texts(reporter, family());
  assertSame(await texts(reporter, family()), first, 'expected the same texts again');
  assertSame(await texts(create(), family()), first, 'expected the same texts from another instance');
}

async function checkUnchanged(reporter: Reporter): Promise<void> {
  const analysis = family();
  freeze(analysis);
  await texts(reporter, analysis);
  assertSame(analysis, family(), 'expected the analysis unchanged');
}

async function checkOutput(reporter: Reporter): Promise<void> {
  const { printed } = await watchOutput(() => texts(reporter, family()));
  assert.equal(printed, '', 'expected the report to be returned, not printed');
}

async function checkCompanion(reporter: Reporter): Promise<void> {
  const { companion, options: declared } = reporter;
  if (companion === undefined) {
    return;
  }
  for (const [name, value] of Object.entries(companion.emptyWith ?? {})) {
    const options = completeOptionValues('the reporter', declared, { [name]: value });
    const analysis = sampleCaterpillar(HOSTILE_NAMES);
    assert.equal(
      await join(companion.report(analysis, options)),
      '',
      `expected an empty companion with ${name} ${value}`,
    );
  }
}

async function checkWarnings(reporter: Reporter): Promise<void> {
  const { companion } = reporter;
  for (const analysis of [family(), WITH_FAILURE, sampleAnalysis(['alone'], []), sampleCaterpillar(HOSTILE_NAMES)]) {
    for (const options of optionChoices(reporter)) {
      const written = await warningsOf(reporter, analysis, options, true);
      const omitted = await warningsOf(reporter, analysis, options, false);
      for (const line of omitted) {
        assert.match(line, /^\S.*\S$/, `warnings with ${JSON.stringify(options)}: expected lines without newlines`);
        assert.doesNotMatch(line, UNPRINTABLE, 'warnings: expected unprintable characters to be escaped');
      }
      if (companion === undefined || (await join(companion.report(analysis, options))) === '') {
        assertSame(omitted, written, 'expected no warning that an empty companion is not written');
      }
    }
  }
}

async function warningsOf(
  reporter: Reporter,
  analysis: Analysis,
  options: OptionValues,
  isCompanionWritten: boolean,
): Promise<string[]> {
  const lines: string[] = [];
  for await (const warning of reporter.warnings?.(analysis, options, { isCompanionWritten }) ?? []) {
    lines.push(plainText(warning));
  }
  return lines;
}

/** Returns the report and its companion, with the default options and with each choice of options. */
async function texts(reporter: Reporter, analysis: Analysis) {
  const found: { part: 'report' | 'companion'; options: OptionValues; text: string }[] = [];
  for (const options of optionChoices(reporter)) {
    found.push({ part: 'report', options, text: await join(reporter.report(analysis, options), reporter.isBinary) });
    if (reporter.companion !== undefined) {
      found.push({ part: 'companion', options, text: await join(reporter.companion.report(analysis, options)) });
    }
  }
  return found;
}

/**
 * Returns options as an analyzer passes them, including defaults: without any option, with each value of each
 * enumeration, with each switch toggled, and with both ends of each range.
 */
function optionChoices(reporter: Reporter): OptionValues[] {
  const choices = Object.entries(reporter.options ?? {}).flatMap(([name, declaration]): OptionValues[] => {
    if (declaration.type === 'enum') {
      return declaration.values.map((value) => ({ [name]: value }));
    }
    if (declaration.type === 'boolean') {
      return [{ [name]: declaration.default !== true }];
    }
    const { min, max }: { readonly min?: number | undefined; readonly max?: number | undefined } =
      'min' in declaration || 'max' in declaration ? declaration : {};
    return [min, max].flatMap((bound) => (bound === undefined ? [] : [{ [name]: bound }]));
  });
  return [{}, ...choices].map((given) => completeOptionValues('the reporter', reporter.options, given));
}

/**
 * Joins the pieces of a report. Strings are joined as they are; each byte of a binary report becomes the character with
 * its number.
 */
async function join(pieces: ReportPieces, isBinary?: boolean): Promise<string> {
  let text = '';
  for await (const piece of pieces) {
    if (isBinary) {
      assert.ok(piece instanceof Uint8Array, 'expected every piece of a binary format to be a Uint8Array');
      text += Buffer.from(piece).toString('latin1');
    } else {
      assert.equal(typeof piece, 'string', 'expected every piece to be a string');
      text += String(piece);
    }
  }
  return text;
}

/** Freezes a value and its members, except typed arrays such as the distances, which cannot be frozen. */
function freeze(value: unknown): void {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
}
