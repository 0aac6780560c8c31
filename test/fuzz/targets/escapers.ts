import { type Analysis, terminalText } from '@virt-similarity/core';
import {
  AsciiReporter,
  GraphvizReporter,
  HtmlReporter,
  JsonReporter,
  NewickReporter,
  PhyloXmlReporter,
  SvgReporter,
  xmlText,
} from '@virt-similarity/reporters';
import { reportText } from '@virt-similarity/testing';
import * as fc from 'fast-check';
import { safeLabels } from '#reporters/tree-labels.js';
import { analyses, hostileName } from '../../fixtures/analysis.js';
import { unescaped } from '../../fixtures/unescaped.js';
import { require, type Verdict } from '../fuzz-target.js';
import { type NewickNode, parseNewick } from '../newick-parser.js';
import { propertyTarget } from '../property-target.js';

/** Characters that a terminal interprets or hides, as ranges of code points. */
const INTERPRETED =
  /[\p{Cc}\u00a0\u00ad\u061c\u115f\u1160\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufeff\uffa0\ufff0-\ufffb]|[\ue000-\uf8ff]|\u034f|[\u180b-\u180f]|[\ufe00-\ufe0f]|[\u{e0000}-\u{e0fff}]/u;

/** Analyses of images whose names contain any characters. */
const trees = analyses(hostileName);

const terminalTexts = propertyTarget('terminal-texts', 10, {
  values: fc.oneof(hostileName, fc.string({ unit: 'binary' })),
  check: (text) => {
    const shown = terminalText(text);
    require(!INTERPRETED.test(shown), 'no characters that a terminal interprets');
    require(Buffer.from(shown).toString() === shown, 'valid UTF-8');
    return 'accepted';
  },
});

const distinctTexts = propertyTarget('distinct-texts', 10, {
  values: fc.tuple(hostileName, hostileName),
  check: ([one, other]) => {
    require((terminalText(one) === terminalText(other)) === (one === other), 'different texts for different names');
    return 'accepted';
  },
});

const newick = propertyTarget('newick', 10, {
  values: trees,
  check: async (analysis): Promise<Verdict> => {
    const labels = leafLabels(parseNewick(await reportText(new NewickReporter().report(analysis, {}))));
    require(labels.every((label) => /^[A-Za-z0-9.-]+$/.test(label)), 'labels that every reader accepts');
    require(sameSet(labels, safeLabels(analysis.images)), 'the labels of all images');
    require(new Set(labels.map((label) => label.toLowerCase())).size === labels.length, 'unique labels');
    const own = safeLabels(analysis.images);
    for (const [index, { name }] of analysis.images.entries()) {
      const others = own.filter((_, other) => other !== index).map((label) => label.toLowerCase());
      require(!others.includes(name.toLowerCase()), `no other image's label to be ${JSON.stringify(name)}`);
    }
    const quoted = await reportText(new NewickReporter().report(analysis, { dialect: 'quoted' }));
    require(sameSet(leafLabels(parseNewick(quoted)).map(unescaped), namesOf(analysis)), 'the names of all images');
    return 'accepted';
  },
});

function leafLabels({ label, children }: NewickNode): string[] {
  return children.length === 0 ? [label] : children.flatMap(leafLabels);
}

function namesOf({ images }: Analysis): string[] {
  return images.map(({ name }) => name);
}

function sameSet(some: readonly string[], others: readonly string[]): boolean {
  return JSON.stringify([...some].sort()) === JSON.stringify([...others].sort());
}

const nameTables = propertyTarget('name-tables', 5, {
  values: trees,
  check: async (analysis): Promise<Verdict> => {
    const table = await reportText(new NewickReporter().companion.report(analysis, {}));
    const rows = table.trimEnd().split('\n').slice(1);
    require(rows.length === analysis.images.length, `${analysis.images.length} rows, found ${rows.length}`);
    for (const [index, row] of rows.entries()) {
      const [, name] = row.split('\t');
      require(!/["']|\t[=+@-]/.test(row), `neither quotes nor formulas, found ${JSON.stringify(row)}`);
      require(unescaped(name ?? '') === analysis.images[index]?.name, `the name of image ${index}`);
    }
    return 'accepted';
  },
});

const dot = propertyTarget('dot', 5, {
  values: trees,
  check: async (analysis): Promise<Verdict> => {
    const text = await reportText(new GraphvizReporter().report(analysis));
    require(!INTERPRETED.test(text.replaceAll('\n', '')), 'no characters that a terminal interprets');
    // Outside of strings, DOT has only the characters of the language, and as many opening as closing braces.
    const bare = text.replace(/"(?:[^"\\]|\\[\s\S])*"/g, '""');
    require(/^[\w\s"[\]{}=;,.-]*$/.test(bare), `DOT, found ${JSON.stringify(bare)}`);
    require(bare.split('{').length === bare.split('}').length, 'braces in pairs');
    const nodes = analysis.images.length + analysis.cladogram.nodes.length;
    require(bare.split('label=').length - 1 === nodes + 1, `labels of ${nodes} nodes and the graph`);
    const labels = [...text.matchAll(/label="((?:[^"\\]|\\[\s\S])*)"/g)].map(([, label = '']) => label);
    // Graphviz interprets backslashes and entities. The reporter writes only this entity.
    const drawn = labels.map((label) => label.replace(/\\([\s\S])/g, '$1').replaceAll('&amp;', '&'));
    const shown = drawn.map(unescaped);
    for (const name of namesOf(analysis)) {
      require(shown.includes(name), `a label for ${JSON.stringify(name)}`);
    }
    return 'accepted';
  },
});

const json = propertyTarget('json', 5, {
  values: trees,
  check: async (analysis): Promise<Verdict> => {
    const text = await reportText(new JsonReporter().report(analysis));
    const names = JSON.parse(text).images.map(({ name }: { name: string }) => name);
    require(JSON.stringify(names) === JSON.stringify(analysis.images.map(({ name }) => name)), 'all names');
    require(!INTERPRETED.test(text.replaceAll('\n', '')), 'no characters that a terminal interprets');
    return 'accepted';
  },
});

const ascii = propertyTarget('ascii', 10, {
  values: trees,
  check: async (analysis): Promise<Verdict> => {
    const text = await reportText(new AsciiReporter().report(analysis, {}));
    require(!INTERPRETED.test(text.replaceAll('\n', '')), 'no characters that a terminal interprets');
    const lines = text.split('\n').map((line) => line.trimEnd());
    for (const { name } of analysis.images) {
      const shown = `--- ${terminalText(name)}`.trimEnd();
      require(lines.some((line) => line.endsWith(shown)), `a leaf for ${JSON.stringify(name)}`);
    }
    return 'accepted';
  },
});

const xml = propertyTarget('xml', 5, {
  values: trees,
  check: async (analysis): Promise<Verdict> => {
    for (const reporter of [new PhyloXmlReporter(), new SvgReporter()]) {
      const text = await reportText(reporter.report(analysis, {}));
      require(!INTERPRETED.test(text.replaceAll('\n', '')), 'no characters that a terminal interprets');
      const bare = text.replace(/<[^<>]*>/g, '');
      require(!/[<>]|&(?!amp;|lt;|gt;|quot;|#39;)/.test(bare), `text without markup, found ${JSON.stringify(bare)}`);
      for (const name of namesOf(analysis)) {
        require(text.includes(`>${xmlText(name)}</`), `an element with the name ${JSON.stringify(name)}`);
      }
    }
    return 'accepted';
  },
});

const html = propertyTarget('html', 3, {
  values: trees,
  check: async (analysis): Promise<Verdict> => {
    const text = await reportText(new HtmlReporter().report(analysis, {}));
    const data = /<script type="application\/json" id="data">([^<]*)<\/script>/.exec(text)?.[1] ?? '';
    const { names } = JSON.parse(data) as { names: string[] };
    require(JSON.stringify(names.map(unescaped)) === JSON.stringify(namesOf(analysis)), 'all names');
    require(text.split('<script').length === 3, 'two scripts');
    return 'accepted';
  },
});

export const ESCAPERS = [terminalTexts, distinctTexts, newick, nameTables, dot, json, ascii, xml, html];
