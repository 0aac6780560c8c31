/** @import { Analysis, Plugin, Reporter } from '@virt-similarity/core' */

/**
 * Writes a Markdown table of every image's nearest relative.
 * @implements {Reporter}
 */
export class NearestReporter {
  extension = '.md';
  mediaType = 'text/markdown';

  /** @param {Analysis} analysis */
  *report({ images, distances, parameters }) {
    yield `| image | nearest relative | ${parameters.unit} apart |\n| --- | --- | ---: |\n`;
    for (const [index, { name }] of images.entries()) {
      const nearest = images
        .map((image, other) => ({ name: image.name, other, distance: distanceOf(distances, index, other) }))
        .filter(({ other }) => other !== index)
        .sort((one, another) => one.distance - another.distance)[0];
      yield `| ${cell(name)} | ${nearest ? cell(nearest.name) : ''} | ${nearest?.distance ?? ''} |\n`;
    }
  }
}

/** @param {Analysis['distances']} matrix @param {number} a @param {number} b */
function distanceOf({ size, values }, a, b) {
  const [i, j] = a < b ? [a, b] : [b, a];
  return values[i * size - (i * (i + 1)) / 2 + (j - i - 1)];
}

/** Image names can contain any characters: escape Markdown, HTML and terminal control characters. */
function cell(/** @type {string} */ text) {
  return text.replace(/[^\p{L}\p{N} ./-]/gu, (character) => `&#${character.codePointAt(0)};`);
}

/** @type {Plugin} */
export default {
  name: 'virt-similarity-reporter-example',
  url: import.meta.url,
  version: '0.1.0',
  core: '^0.1.0',
  reporters: { nearest: NearestReporter },
};
