import assert from 'node:assert/strict';
import { type Analysis, type OptionValues, type Reporter, VirtSimilarityError } from '@virt-similarity/core';
import type { ContractTest } from './contract-test.js';
import { HOSTILE_NAMES } from './hostile-names.js';
import { assertDeclarations } from './option-declarations.js';
import { sampleAnalysis, sampleCaterpillar } from './sample-analysis.js';

const EXTENSION = /^(\.[A-Za-z0-9-]+)+$/;
const MEDIA_TYPE = /^[a-z]+\/[A-Za-z0-9][A-Za-z0-9.+-]*$/;

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

/** What every reporter must keep to. */
export function reporterContract(create: () => Reporter): ContractTest[] {
  return [
    { title: 'has a name, an extension and a media type of the usual form', run: async () => checkNames(create()) },
    {
      title: 'describes its options, with defaults that are valid',
      run: async () => assertDeclarations(create().options),
    },
    {
      title: 'tells an analysis in strings, the last ending with a newline',
      run: () => checkTexts(create(), family()),
    },
    { title: 'tells of a single image', run: () => checkTexts(create(), sampleAnalysis(['alone'], [])) },
    { title: 'tells of images that failed', run: () => checkTexts(create(), WITH_FAILURE) },
    {
      title: 'tells of names that hold any characters',
      run: () => checkTexts(create(), sampleCaterpillar(HOSTILE_NAMES)),
    },
    { title: 'tells the same analysis the same way every time', run: () => checkRepetition(create) },
    { title: 'leaves the analysis as it was', run: () => checkUnchanged(create()) },
  ];
}

function checkNames(reporter: Reporter): void {
  assert.match(reporter.extension, EXTENSION, 'extension: expected a dot and letters, such as .nwk');
  assert.match(reporter.mediaType, MEDIA_TYPE, 'mediaType: expected a media type such as text/plain');
  if (reporter.companion !== undefined) {
    assert.match(reporter.companion.extension, EXTENSION, 'companion.extension: expected a dot and letters');
    assert.notEqual(reporter.companion.extension, reporter.extension, 'the companion would overwrite the report');
  }
}

async function checkTexts(reporter: Reporter, analysis: Analysis): Promise<void> {
  for (const { part, options, text } of await texts(reporter, analysis)) {
    if (part === 'omission') {
      assert.match(text, /^(\S.*)?$/, `${part} with ${JSON.stringify(options)}: expected one line without its end`);
    } else if (text !== '' || part === 'report') {
      // A companion may be empty.
      assert.ok(text.endsWith('\n'), `${part} with ${JSON.stringify(options)}: expected a newline at the end`);
    }
  }
}

async function checkRepetition(create: () => Reporter): Promise<void> {
  const reporter = create();
  const first = await texts(reporter, family());
  assert.deepEqual(await texts(reporter, family()), first);
  assert.deepEqual(await texts(create(), family()), first);
}

async function checkUnchanged(reporter: Reporter): Promise<void> {
  const analysis = family();
  freeze(analysis);
  await texts(reporter, analysis);
  assert.deepEqual(analysis, family());
}

/** The report and its companion, with no options and with each value of each option. */
async function texts(reporter: Reporter, analysis: Analysis) {
  const told: { part: 'report' | 'companion' | 'omission'; options: OptionValues; text: string }[] = [];
  for (const options of optionChoices(reporter)) {
    told.push({ part: 'report', options, text: await join(reporter.report(analysis, options)) });
    if (reporter.companion !== undefined) {
      told.push({ part: 'companion', options, text: await join(reporter.companion.report(analysis, options)) });
      told.push({
        part: 'omission',
        options,
        text: await join(reporter.companion.omission?.(analysis, options) ?? []),
      });
    }
  }
  return told;
}

/** No options, each value of each enumeration, each switch, and of other types the default. */
function optionChoices(reporter: Reporter): OptionValues[] {
  const choices = Object.entries(reporter.options ?? {}).flatMap(([name, declaration]): OptionValues[] => {
    if (declaration.type === 'enum') {
      return declaration.values.map((value) => ({ [name]: value }));
    }
    if (declaration.type === 'boolean') {
      return [{ [name]: declaration.default !== true }];
    }
    return declaration.default === undefined ? [] : [{ [name]: declaration.default }];
  });
  return [{}, ...choices];
}

async function join(pieces: Iterable<string> | AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) {
    assert.equal(typeof piece, 'string', 'expected every piece to be a string');
    text += piece;
  }
  return text;
}

/** Freezes all but the distances: typed arrays cannot be frozen. */
function freeze(value: unknown): void {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
}
