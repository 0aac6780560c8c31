// The data of the page, and what is derived from it. The files of this folder form one script, in the order that
// page-asset.ts lists.

/**
 * @typedef {{ height: number, children: number[] }} TreeNode
 * @typedef {object} Data
 * @property {string[]} names
 * @property {string[]} paths
 * @property {string[]} formats
 * @property {number[]} sizes bytes
 * @property {number[]} data bytes of non-zero blocks
 * @property {(number | null)[]} shared bytes that another image also has at the same place; `null` if unknown
 * @property {string[]} [encryption] `ciphertext`, `decrypted`, or empty; absent if it is empty for all images
 * @property {number} blockSize
 * @property {string} unit
 * @property {TreeNode[]} nodes
 * @property {number[]} leaves the images in drawing order
 * @property {{ type: 'Uint8' | 'Uint16' | 'Uint32' | 'Float64', values: string }} distances condensed, base64
 * @property {number | undefined} cut
 * @property {number[]} clusters by image, from 0, at `cut`; merges of equal height can be in different clusters, if the
 *   user chose the number of clusters
 * @property {{ name: string, values: string[] }[]} annotations columns with a value for each image
 * @property {{ count: number, blocks: number, digests: string } | null} strips by image, 8 bytes for each section of
 *   the disk, 0 for zeros; `blocks` is the length of a section
 */

const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#7f7f7f', '#8c6bb1'];
/** The colour of the less frequent values of an annotation. */
const OTHER_VALUES = '#7f7f7f';
/** The colours of the most frequent values of an annotation. */
const VALUE_COLORS = COLORS.filter((color) => color !== OTHER_VALUES);
const BAR_WIDTH = 9;
/** The colour of branches above the cut. */
const MIXED = '#888888';
const ROW_HEIGHT = 31;
const KIND_COLORS = { equal: '#0072b2', different: '#e69f00', zero: '#d9dee5' };

/** @type {Data} */
const data = JSON.parse(element('data').textContent ?? '');
const size = data.names.length;
const distances = decoded(data.distances.type, data.distances.values);
/** The names as the drawing shows them: with a mark if ciphertext was compared. */
const labels = data.names.map((name, image) =>
  data.encryption?.[image] === 'ciphertext' ? `${name} (ciphertext)` : name,
);
const strips = data.strips && decoded('Uint32', data.strips.digests);
const places = new Uint32Array(size);
for (const [place, image] of data.leaves.entries()) {
  places[image] = place;
}
const highest = data.nodes.reduce((most, { height }) => Math.max(most, height), 0);
const farthest = largest(distances) || 1;
const heights = [...new Set([0, ...data.nodes.map(({ height }) => height)])].sort((one, other) => one - other);
const nearest = nearestImages();
const text = new Intl.Collator(undefined, { numeric: true });
const bars = data.annotations.map(({ values }) => barOf(values));

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {string} type @param {string} base64 */
function decoded(type, base64) {
  const characters = atob(base64);
  const bytes = new Uint8Array(characters.length);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = characters.charCodeAt(index);
  }
  const types = { Uint8: Uint8Array, Uint16: Uint16Array, Uint32: Uint32Array, Float64: Float64Array };
  return new types[/** @type {keyof typeof types} */ (type)](bytes.buffer);
}

/** @param {ArrayLike<number>} values */
function largest(values) {
  let most = 0;
  for (let index = 0; index < values.length; index++) {
    most = Math.max(most, values[index]);
  }
  return most;
}

/** Returns the distance of two images. @param {number} one @param {number} other */
function distanceOf(one, other) {
  if (one === other) {
    return 0;
  }
  const low = Math.min(one, other);
  const high = Math.max(one, other);
  return distances[low * size - (low * (low + 1)) / 2 + (high - low - 1)];
}

function nearestImages() {
  const items = new Int32Array(size).fill(-1);
  const found = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  for (let one = 0, index = 0; one < size; one++) {
    for (let other = one + 1; other < size; other++, index++) {
      const distance = distances[index];
      if (distance < found[one]) {
        found[one] = distance;
        items[one] = other;
      }
      if (distance < found[other]) {
        found[other] = distance;
        items[other] = one;
      }
    }
  }
  return { items, distances: found };
}
