import type { Analysis, OptionDeclarations, OptionValues, Reporter } from '@virt-similarity/core';
import { terminalText, widestGapCut } from '@virt-similarity/core/reporting';
import { CLUSTER_OPTIONS, chosenCut, clustersOf, heightOfCut } from './clusters-of.js';
import { heightsCaption } from './height-text.js';
import { pageScript, pageStyle } from './page-asset.js';
import { sectionDigests } from './section-digests.js';
import { leafOrder } from './tree-order.js';
import { xmlText } from './xml-text.js';

/**
 * Writes one HTML file to explore an analysis: the cladogram beside the heat map of the distances, clusters at any cut,
 * and a table of the images. If all images have hash vectors, the page also shows where the disks of any pair are
 * equal. The page fetches nothing.
 *
 * @throws as `clustersOf`, and the errors of reading the hash vectors.
 */
export class HtmlReporter implements Reporter {
  readonly extension = '.html';
  readonly otherExtensions = ['.htm'];
  readonly mediaType = 'text/html';
  readonly options: OptionDeclarations = CLUSTER_OPTIONS;

  async *report(analysis: Analysis, options: OptionValues): AsyncGenerator<string> {
    // Refuses a cut that is not possible, as the other reporters do.
    clustersOf(analysis, options);
    const script = pageScript();
    const style = pageStyle();
    const { images, failures, parameters } = analysis;
    const title = `Family of ${images.length} ${images.length === 1 ? 'image' : 'images'}`;
    const policy = [
      "default-src 'none'",
      `script-src '${script.source}'`,
      `style-src '${style.source}'`,
      "base-uri 'none'",
      "form-action 'none'",
    ].join('; ');
    yield `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n`;
    yield `<meta http-equiv="Content-Security-Policy" content="${policy}">\n`;
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n';
    yield `<title>${title}</title>\n<style>${style.text}</style>\n</head>\n<body>\n`;
    yield `<header>\n<h1>${title}</h1>\n<p class="soft">${xmlText(heightsCaption(parameters))} `;
    yield `Blocks of ${parameters.blockSize} bytes, hashed with ${xmlText(parameters.algorithm)}.</p>\n</header>\n<main>\n`;
    yield BODY;
    yield* failureList(failures);
    yield '</main>\n<script type="application/json" id="data">';
    yield* dataOf(analysis, options);
    yield `</script>\n<script>${script.text}</script>\n</body>\n</html>\n`;
  }
}

const BODY = `<section class="controls" aria-label="Controls">
<label>Cut the tree at <input type="range" id="slider" min="0" step="1"></label>
<label>Distance <input type="number" id="cut" min="0" step="any"></label>
<output id="count" for="slider cut"></output>
<label>Distances in <select id="unit"><option value="blocks">the metric's unit</option><option value="bytes">bytes</option><option value="percent">per cent of the largest</option></select></label>
<button type="button" id="whole">Show all rows</button>
<button type="button" id="save">Save clusters as CSV</button>
</section>
<ul class="legend" id="legend" tabindex="0" aria-label="Clusters"></ul>
<h2 id="map-title">Tree and distances</h2>
<p class="soft" id="hint">Click a cell to choose a pair. Turn the wheel to zoom, drag to move. Keys: arrows choose, + and − zoom, Home shows all.</p>
<div id="bars"></div>
<canvas id="map" tabindex="0" role="application" aria-labelledby="map-title" aria-describedby="hint pair"></canvas>
<p class="scale soft">Distances in the map: <span id="equal"></span> <span class="shades"><span id="middle"></span></span> <span id="farthest"></span></p>
<h2>The chosen pair</h2>
<p id="pair" aria-live="polite"></p>
<canvas id="strip" role="img"></canvas>
<p class="soft" id="sections"></p>
<ul class="legend" aria-label="Colours of the strip"><li><span class="swatch equal"></span>equal</li><li><span class="swatch different"></span>different</li><li><span class="swatch zero"></span>zero in both</li></ul>
<h2>Images</h2>
<section class="controls" id="filters" aria-label="Search"><label>Search names, paths and annotations <input type="search" id="search"></label><output id="found" for="search"></output></section>
<div id="scroller" tabindex="0" role="region" aria-label="Table of images"><table><thead id="head"></thead><tbody id="rows"></tbody></table></div>
`;

function* failureList(failures: Analysis['failures']): Generator<string> {
  if (failures.length === 0) {
    return;
  }
  yield `<h2>Failed images</h2>\n<ul>\n`;
  for (const { path, error } of failures) {
    yield `<li><b>${xmlText(path)}</b>: ${xmlText(error.message)}</li>\n`;
  }
  yield '</ul>\n';
}

/** Yields the data of the page as JSON, in pieces. */
async function* dataOf(analysis: Analysis, options: OptionValues): AsyncGenerator<string> {
  const { images, parameters, cladogram, distances, dendrogram, annotations = [] } = analysis;
  const { blockSize, unit } = parameters;
  const { leaves } = leafOrder(cladogram);
  const members = {
    names: images.map(({ name }) => terminalText(name)),
    paths: images.map(({ path }) => terminalText(path)),
    formats: images.map(({ vector }) => vector?.identity?.chain[0]?.format ?? ''),
    sizes: images.map(({ virtualSize }) => virtualSize),
    data: images.map(({ dataBlocks }) => dataBlocks * blockSize),
    ...(images.some(({ encryption }) => encryption !== undefined) && {
      encryption: images.map(({ encryption }) => encryption ?? ''),
    }),
    shared: images.map(({ repeatedBlocks }) => (repeatedBlocks === undefined ? null : repeatedBlocks * blockSize)),
    blockSize,
    unit,
    nodes: cladogram.nodes,
    leaves: [...leaves],
    cut: heightOfCut(dendrogram, chosenCut(options) ?? widestGapCut(dendrogram)),
    clusters: [...clustersOf(analysis, options)],
    annotations: annotations.map(({ name, values }) => ({
      name: terminalText(name),
      values: values.map((value) => terminalText(value)),
    })),
  };
  for (const [name, value] of Object.entries(members)) {
    yield `${name === 'names' ? '{' : ','}"${name}":${scriptJson(value)}`;
  }
  yield `,"distances":${scriptJson(encodedNumbers(distances.values))},"strips":`;
  yield scriptJson(await sectionDigests(analysis));
  yield '}';
}

/** Returns JSON that cannot end the script element that contains it. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

/**
 * Encodes numbers as base64, so that the distances of thousands of images fit into a page. Of the types that the page
 * decodes, uses the smallest that can represent all numbers.
 */
function encodedNumbers(values: Float64Array): { type: string; values: string } {
  const isWhole = values.every((value) => Number.isInteger(value) && value >= 0);
  const most = values.reduce((largest, value) => Math.max(largest, value), 0);
  const encoded =
    !isWhole || most >= 2 ** 32
      ? values
      : most < 2 ** 8
        ? Uint8Array.from(values)
        : most < 2 ** 16
          ? Uint16Array.from(values)
          : Uint32Array.from(values);
  const type = encoded.constructor.name.replace('Array', '');
  return { type, values: Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength).toString('base64') };
}
