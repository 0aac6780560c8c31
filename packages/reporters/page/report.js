// The script of the HTML report. It reads the data block of the page, and fetches nothing.
// @ts-check

/**
 * @typedef {{ height: number, children: number[] }} TreeNode
 * @typedef {object} Data
 * @property {string[]} names
 * @property {string[]} paths
 * @property {string[]} formats
 * @property {number[]} sizes bytes
 * @property {number[]} data bytes of non-zero blocks
 * @property {(number | null)[]} shared bytes that another image also has at the same place
 * @property {number} blockSize
 * @property {string} unit
 * @property {TreeNode[]} nodes
 * @property {number[]} leaves the images in drawing order
 * @property {{ type: 'Uint8' | 'Uint16' | 'Uint32' | 'Float64', values: string }} distances condensed, base64
 * @property {number | undefined} cut
 * @property {number[]} clusters by image, from 0, at `cut`; ties can be split as no other height does
 * @property {{ name: string, values: string[] }[]} annotations columns with a value for each image
 * @property {{ count: number, blocks: number, digests: string } | null} strips by image, 8 bytes for each section of
 *   the disk, 0 for zeros; `blocks` is the length of a section
 */

const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#7f7f7f', '#8c6bb1'];
/** The values of an annotation that have their own colours: the most frequent ones. */
const COLORED_VALUES = 7;
const OTHER_VALUES = '#7f7f7f';
const BAR_WIDTH = 9;
/** The colour of branches above the cut. */
const MIXED = '#888888';
const ROW_HEIGHT = 31;
const KIND_COLORS = { equal: '#0072b2', different: '#e69f00', zero: '#d9dee5' };

/** @type {Data} */
const data = JSON.parse(element('data').textContent ?? '');
const size = data.names.length;
const distances = decoded(data.distances.type, data.distances.values);
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

const state = {
  cut: 0,
  clusters: new Uint32Array(size),
  clusterCount: 0,
  /** @type {[number, number]} places in drawing order */
  cell: [0, Math.min(1, size - 1)],
  /** The first visible row and the number of visible rows. */
  top: 0,
  rows: size,
  sort: { column: 'place', descending: false },
  query: '',
  /** The chosen value of each annotation; `undefined` for all. */
  filters: data.annotations.map(() => /** @type {string | undefined} */ (undefined)),
  unit: 'blocks',
  /** @type {number[]} */
  shown: [],
};

const map = /** @type {HTMLCanvasElement} */ (element('map'));
const strip = /** @type {HTMLCanvasElement} */ (element('strip'));
const slider = /** @type {HTMLInputElement} */ (element('slider'));
const cutField = /** @type {HTMLInputElement} */ (element('cut'));
const scroller = element('scroller');
const body = /** @type {HTMLTableSectionElement} */ (element('rows'));

const COLUMNS = [
  { id: 'name', title: 'Image', number: false, value: (/** @type {number} */ image) => data.names[image] },
  { id: 'cluster', title: 'Cluster', number: true, value: (/** @type {number} */ image) => state.clusters[image] + 1 },
  {
    id: 'nearest',
    title: 'Nearest image',
    number: false,
    value: (/** @type {number} */ image) => data.names[nearest.items[image]] ?? '',
  },
  {
    id: 'distance',
    title: 'Distance',
    number: true,
    value: (/** @type {number} */ image) => nearest.distances[image],
    show: distanceText,
  },
  {
    id: 'size',
    title: 'Size',
    number: true,
    value: (/** @type {number} */ image) => data.sizes[image],
    show: bytesText,
  },
  {
    id: 'data',
    title: 'Data',
    number: true,
    value: (/** @type {number} */ image) => data.data[image],
    show: bytesText,
  },
  {
    id: 'shared',
    title: 'Shared data',
    number: true,
    value: (/** @type {number} */ image) => data.shared[image] ?? -1,
    show: bytesText,
  },
  { id: 'format', title: 'Format', number: false, value: (/** @type {number} */ image) => data.formats[image] },
  { id: 'path', title: 'Path', number: false, value: (/** @type {number} */ image) => data.paths[image] },
  ...data.annotations.map(({ name, values }, index) => ({
    id: `annotation-${index}`,
    title: name,
    number: false,
    value: (/** @type {number} */ image) => values[image],
  })),
];

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

/** @param {number} one @param {number} other images */
function distanceOf(one, other) {
  if (one === other) {
    return 0;
  }
  const low = Math.min(one, other);
  const high = Math.max(one, other);
  return distances[low * size - (low * (low + 1)) / 2 + (high - low - 1)];
}

/** The values of an annotation, the most frequent first, and the colour of each. @param {string[]} values */
function barOf(values) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const value of values) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  counts.delete('');
  const sorted = [...counts].sort(([, one], [, other]) => other - one).map(([value]) => value);
  const colors = new Map(sorted.map((value, index) => [value, COLORS[index]]));
  for (const value of sorted.slice(COLORED_VALUES)) {
    colors.set(value, OTHER_VALUES);
  }
  return { sorted, colors };
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

/** Cuts the tree: subtrees without a node above `cut` are clusters, numbered from 0 by their first images. */
function cutTree(/** @type {number} */ cut) {
  state.cut = cut;
  if (cut === data.cut) {
    state.clusters = Uint32Array.from(data.clusters);
    state.clusterCount = largest(state.clusters) + 1;
    return;
  }
  const groups = Int32Array.from({ length: size + data.nodes.length }, (_, cluster) => cluster);
  const most = new Float64Array(size + data.nodes.length);
  for (const [index, { height, children }] of data.nodes.entries()) {
    most[size + index] = children.reduce((value, child) => Math.max(value, most[child]), height);
  }
  for (let index = data.nodes.length - 1; index >= 0; index--) {
    if (most[size + index] <= cut) {
      for (const child of data.nodes[index].children) {
        groups[child] = groups[size + index];
      }
    }
  }
  const numbers = new Map();
  for (let image = 0; image < size; image++) {
    if (!numbers.has(groups[image])) {
      numbers.set(groups[image], numbers.size);
    }
    state.clusters[image] = numbers.get(groups[image]);
  }
  state.clusterCount = numbers.size;
}

/** @param {number} value */
function bytesText(value) {
  if (value < 0 || value === undefined) {
    return '';
  }
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  const scaled = value / 1024 ** power;
  return `${power === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[power]}`;
}

/** @param {number} value */
function distanceText(value) {
  if (!Number.isFinite(value)) {
    return '';
  }
  if (state.unit === 'bytes' && data.unit === 'blocks') {
    return bytesText(value * data.blockSize);
  }
  if (state.unit === 'percent') {
    return `${((100 * value) / farthest).toFixed(1)} %`;
  }
  return Number.isInteger(value) ? value.toLocaleString('en') : String(Number(value.toPrecision(6)));
}

/** @param {number} cluster */
function colorOf(cluster) {
  return COLORS[cluster % COLORS.length];
}

/** Sizes a canvas to its box, and returns its context in CSS pixels. */
function prepared(/** @type {HTMLCanvasElement} */ canvas) {
  const { width, height } = canvas.getBoundingClientRect();
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.scale(scale, scale);
  return { context, width, height };
}

function style(/** @type {string} */ name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** From dark blue for equal images to nearly white for the most different, as 32-bit pixels. */
const SHADES = Uint32Array.from({ length: 256 }, (_, index) => {
  const channel = (/** @type {number} */ from, /** @type {number} */ to) =>
    Math.round(from + ((to - from) * index) / 255);
  // Little-endian, as on every machine that runs a browser.
  return (255 << 24) | (channel(107, 255) << 16) | (channel(48, 251) << 8) | channel(8, 247);
});

/** The visible part of the heat map, and what it shows. */
const heat = { canvas: document.createElement('canvas'), shown: '' };

/** Paints the visible rows of the heat map, one pixel for each pixel of the screen, unless they are painted already. */
function paintHeat(/** @type {number} */ width, /** @type {number} */ height) {
  const shown = [width, height, state.top, state.rows].join(' ');
  if (heat.shown === shown) {
    return;
  }
  heat.shown = shown;
  heat.canvas.width = width;
  heat.canvas.height = height;
  const context = /** @type {CanvasRenderingContext2D} */ (heat.canvas.getContext('2d'));
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const columns = Uint32Array.from({ length: width }, (_, x) => data.leaves[Math.floor((x * size) / width)]);
  for (let y = 0, at = 0; y < height; y++) {
    const one = data.leaves[Math.min(size - 1, Math.floor(state.top + (y * state.rows) / height))];
    for (let x = 0; x < width; x++, at++) {
      pixels[at] = SHADES[Math.round(255 * Math.sqrt(distanceOf(one, columns[x]) / farthest))];
    }
  }
  context.putImageData(image, 0, 0);
}

/** The horizontal layout of the map: tree, names, heat map. */
function columnsOf(/** @type {number} */ width) {
  const isNarrow = width < 600;
  const tree = width * (isNarrow ? 0.3 : 0.32);
  const names = width * (isNarrow ? 0.3 : 0.16);
  return { tree, names, heat: width - tree - names };
}

function drawMap() {
  const { context, width, height } = prepared(map);
  const columns = columnsOf(width);
  const row = height / state.rows;
  const yOf = (/** @type {number} */ place) => (place + 0.5 - state.top) * row;
  context.fillStyle = style('--back');
  context.fillRect(0, 0, width, height);
  drawTree(context, columns.tree, height, yOf);
  drawNames(context, columns, row, height);
  const left = columns.tree + columns.names;
  paintHeat(Math.max(1, Math.round(columns.heat)), Math.max(1, Math.round(height)));
  context.imageSmoothingEnabled = false;
  context.drawImage(heat.canvas, left, 0, columns.heat, height);
  const [one, other] = state.cell;
  context.strokeStyle = '#d55e00';
  context.lineWidth = 2;
  const cell = { width: columns.heat / size, height: row };
  context.strokeRect(
    left + other * cell.width - 1,
    (one - state.top) * row - 1,
    Math.max(4, cell.width + 2),
    Math.max(4, row + 2),
  );
}

/**
 * @param {CanvasRenderingContext2D} context @param {number} width @param {number} height
 * @param {(place: number) => number} yOf
 */
function drawTree(context, width, height, yOf) {
  const xOf = (/** @type {number} */ value) => 6 + (width - 12) * (1 - value / (highest || 1));
  const y = new Float64Array(size + data.nodes.length);
  const clusters = new Int32Array(size + data.nodes.length);
  for (let image = 0; image < size; image++) {
    y[image] = yOf(places[image]);
    clusters[image] = state.clusters[image];
  }
  // One path for each colour, because a stroke for each branch would take too long for thousands of images.
  /** @type {Map<string, Path2D>} */
  const paths = new Map();
  const line = (
    /** @type {number} */ cluster,
    /** @type {number} */ x1,
    /** @type {number} */ y1,
    /** @type {number} */ x2,
    /** @type {number} */ y2,
  ) => {
    const color = cluster < 0 ? MIXED : colorOf(cluster);
    const path = paths.get(color) ?? new Path2D();
    paths.set(color, path);
    path.moveTo(x1, y1);
    path.lineTo(x2, y2);
  };
  for (const [index, { height: at, children }] of data.nodes.entries()) {
    const node = size + index;
    const [top, bottom] = [y[children[0]], y[/** @type {number} */ (children.at(-1))]];
    y[node] = (top + bottom) / 2;
    clusters[node] = children.every((child) => clusters[child] === clusters[children[0]]) ? clusters[children[0]] : -1;
    if (Math.max(top, bottom) < -height || Math.min(top, bottom) > 2 * height) {
      continue;
    }
    line(clusters[node], xOf(at), top, xOf(at), bottom);
    for (const child of children) {
      const from = child < size ? xOf(0) : xOf(data.nodes[child - size].height);
      line(clusters[child], xOf(at), y[child], from, y[child]);
    }
  }
  context.lineWidth = 1.2;
  for (const [color, path] of paths) {
    context.strokeStyle = color;
    context.stroke(path);
  }
  context.strokeStyle = style('--focus');
  context.setLineDash([4, 4]);
  context.beginPath();
  context.moveTo(xOf(Math.min(state.cut, highest)), 0);
  context.lineTo(xOf(Math.min(state.cut, highest)), height);
  context.stroke();
  context.setLineDash([]);
}

/**
 * @param {CanvasRenderingContext2D} context @param {{ tree: number, names: number }} columns @param {number} row
 * @param {number} height
 */
function drawNames(context, columns, row, height) {
  const first = Math.max(0, Math.floor(state.top));
  const end = Math.min(size, Math.ceil(state.top + state.rows));
  context.save();
  context.beginPath();
  context.rect(columns.tree, 0, columns.names, height);
  context.clip();
  context.textBaseline = 'middle';
  context.font = `${Math.min(13, Math.max(8, row - 2))}px system-ui, sans-serif`;
  // Names that would overlap are left out; zooming in shows them.
  const step = Math.max(1, Math.ceil(9 / row));
  for (let place = first; place < end; place++) {
    const image = data.leaves[place];
    const y = (place + 0.5 - state.top) * row;
    context.fillStyle = colorOf(state.clusters[image]);
    context.fillRect(columns.tree, y - row / 2, 5, Math.max(1, row));
    if (place % step === 0) {
      context.fillStyle = style('--text');
      context.fillText(data.names[image], columns.tree + 9, y);
    }
  }
  drawBars(context, columns, row);
  context.restore();
}

/**
 * Draws a bar for each annotation between the names and the heat map.
 * @param {CanvasRenderingContext2D} context @param {{ tree: number, names: number }} columns @param {number} row
 */
function drawBars(context, columns, row) {
  const end = Math.min(size, Math.ceil(state.top + state.rows));
  for (const [index, { colors }] of bars.entries()) {
    const left = columns.tree + columns.names - (bars.length - index) * BAR_WIDTH;
    context.fillStyle = style('--back');
    context.fillRect(left, 0, BAR_WIDTH, map.height);
    for (let place = Math.max(0, Math.floor(state.top)); place < end; place++) {
      const color = colors.get(data.annotations[index].values[data.leaves[place]]);
      if (color) {
        context.fillStyle = color;
        context.fillRect(left + 1, (place - state.top) * row, BAR_WIDTH - 2, Math.max(1, row));
      }
    }
  }
}

/** The kinds of the sections of a pair's disks: `equal`, `different` or `zero`. */
function sectionsOf(/** @type {number} */ one, /** @type {number} */ other) {
  if (!strips || !data.strips) {
    return null;
  }
  const { count } = data.strips;
  return Array.from({ length: count }, (_, section) => {
    const [a, b] = [one, other].map((image) => 2 * (image * count + section));
    const isEqual = strips[a] === strips[b] && strips[a + 1] === strips[b + 1];
    const isZero = strips[a] === 0 && strips[a + 1] === 0;
    return isEqual ? (isZero ? 'zero' : 'equal') : 'different';
  });
}

function drawStrip() {
  const { context, width, height } = prepared(strip);
  const [one, other] = state.cell.map((place) => data.leaves[place]);
  const sections = sectionsOf(one, other);
  context.fillStyle = style('--panel');
  context.fillRect(0, 0, width, height);
  for (const [section, kind] of (sections ?? []).entries()) {
    const count = /** @type {string[]} */ (sections).length;
    context.fillStyle = KIND_COLORS[/** @type {'equal'} */ (kind)];
    context.fillRect((section * width) / count, 0, width / count + 0.5, height);
  }
  const share = (/** @type {string} */ kind) => (sections ?? []).filter((each) => each === kind).length;
  const pair = one === other ? data.names[one] : `${data.names[one]} and ${data.names[other]}`;
  const summary =
    one === other
      ? `${pair}: choose another image to compare it with.`
      : `${pair}: distance ${distanceText(distanceOf(one, other))}${state.unit === 'blocks' ? ` ${data.unit}` : ''}; sizes ` +
        `${bytesText(data.sizes[one])} and ${bytesText(data.sizes[other])}; data ${bytesText(data.data[one])} and ${bytesText(data.data[other])}.`;
  element('pair').textContent = summary;
  element('sections').textContent = sections
    ? `Of ${sections.length} sections of the disk, ${share('equal')} are equal, ${share('different')} differ somewhere, ${share('zero')} are zero in both.`
    : 'The hash vectors were not available when this report was written, so that places on the disk are unknown.';
  strip.setAttribute('aria-label', `${summary} ${element('sections').textContent}`);
}

/** Shows what changed: the map and the strip always, the table and the legend on request. */
let isScheduled = false;
function redraw() {
  if (!isScheduled) {
    isScheduled = true;
    requestAnimationFrame(() => {
      isScheduled = false;
      drawMap();
      drawStrip();
      drawRows();
    });
  }
}

function setCut(/** @type {number} */ cut) {
  cutTree(cut);
  slider.value = String(heights.findLastIndex((height) => height <= cut));
  if (document.activeElement !== cutField) {
    cutField.value = String(cut);
  }
  const count = `${state.clusterCount} ${state.clusterCount === 1 ? 'cluster' : 'clusters'}`;
  element('count').textContent = count;
  slider.setAttribute('aria-valuetext', `distance ${cut}, ${count}`);
  showLegend();
  sortRows();
  writeLink();
  redraw();
}

function showLegend() {
  const members = Array.from({ length: state.clusterCount }, () => /** @type {number[]} */ ([]));
  for (const image of data.leaves) {
    members[state.clusters[image]].push(image);
  }
  const largest = members
    .map((images, cluster) => ({ images, cluster }))
    .sort((one, other) => other.images.length - one.images.length);
  const items = largest.slice(0, 24).map(({ images, cluster }) => {
    const names = images
      .slice(0, 3)
      .map((image) => data.names[image])
      .join(', ');
    const more = images.length > 3 ? `, and ${images.length - 3} more` : '';
    return legendItem(colorOf(cluster), `${cluster + 1}: ${names}${more}`);
  });
  if (largest.length > items.length) {
    const rest = document.createElement('li');
    rest.textContent = `and ${largest.length - items.length} more clusters, in the table`;
    items.push(rest);
  }
  element('legend').replaceChildren(...items);
}

function sortRows() {
  const query = state.query.toLowerCase();
  const isFound = (/** @type {number} */ image) =>
    [data.names, data.paths, ...data.annotations.map(({ values }) => values)].some((texts) =>
      texts[image].toLowerCase().includes(query),
    );
  const found = data.leaves.filter(
    (image) =>
      (query === '' || isFound(image)) &&
      state.filters.every((value, index) => value === undefined || data.annotations[index].values[image] === value),
  );
  const column = COLUMNS.find(({ id }) => id === state.sort.column);
  if (column) {
    const sign = state.sort.descending ? -1 : 1;
    found.sort((one, other) => {
      const [a, b] = [column.value(one), column.value(other)];
      return sign * (typeof a === 'number' ? a - Number(b) : text.compare(String(a), String(b)));
    });
  }
  state.shown = found;
  element('found').textContent = found.length === size ? '' : `${found.length} of ${size} images`;
}

/** Draws only the rows of the table that are visible. */
function drawRows() {
  const first = Math.max(0, Math.floor(scroller.scrollTop / ROW_HEIGHT) - 10);
  const end = Math.min(state.shown.length, first + Math.ceil(scroller.clientHeight / ROW_HEIGHT) + 20);
  const chosen = state.cell.map((place) => data.leaves[place]);
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.image : undefined;
  const rows = state.shown.slice(first, end).map((image) => {
    const row = document.createElement('tr');
    row.className = chosen.includes(image) ? 'chosen' : '';
    for (const { id, number, value, show } of COLUMNS) {
      const cell = document.createElement('td');
      cell.className = number ? 'number' : '';
      const content = show ? show(/** @type {never} */ (value(image))) : String(value(image));
      if (id === 'name') {
        const button = document.createElement('button');
        button.type = 'button';
        button.dataset.image = String(image);
        button.textContent = content;
        button.setAttribute('aria-pressed', String(chosen.includes(image)));
        button.addEventListener('click', () => choose(image));
        cell.append(button);
      } else {
        cell.textContent = content;
      }
      row.append(cell);
    }
    return row;
  });
  body.replaceChildren(spacer(first), ...rows, spacer(state.shown.length - end));
  if (focused !== undefined) {
    /** @type {HTMLElement | null} */ (body.querySelector(`[data-image="${focused}"]`))?.focus({ preventScroll: true });
  }
}

function spacer(/** @type {number} */ rows) {
  const row = document.createElement('tr');
  row.className = 'spacer';
  row.setAttribute('aria-hidden', 'true');
  const cell = document.createElement('td');
  cell.colSpan = COLUMNS.length;
  cell.style.height = `${rows * ROW_HEIGHT}px`;
  row.append(cell);
  return row;
}

/** Makes an image the second of the pair; the former second becomes the first. */
function choose(/** @type {number} */ image) {
  setPair(state.cell[1], places[image]);
}

function setPair(/** @type {number} */ one, /** @type {number} */ other) {
  const within = (/** @type {number} */ place) => Math.max(0, Math.min(size - 1, place));
  state.cell = [within(one), within(other)];
  if (state.cell[0] < state.top || state.cell[0] >= state.top + state.rows) {
    view(state.cell[0] - state.rows / 2, state.rows);
  }
  writeLink();
  redraw();
}

function view(/** @type {number} */ top, /** @type {number} */ rows) {
  state.rows = Math.max(Math.min(8, size), Math.min(size, rows));
  state.top = Math.max(0, Math.min(size - state.rows, top));
  redraw();
}

/** The address keeps the cut and the pair, by the names of its images. */
function writeLink() {
  const names = state.cell.map((place) => data.names[data.leaves[place]]);
  const link = new URLSearchParams({ cut: String(state.cut) });
  for (const name of names) {
    link.append('pair', name);
  }
  history.replaceState(null, '', `#${link}`);
}

function readLink() {
  const link = new URLSearchParams(location.hash.slice(1));
  const cut = link.get('cut');
  const pair = link.getAll('pair').map((name) => data.names.indexOf(name));
  if (pair.length === 2 && pair.every((image) => image >= 0)) {
    state.cell = [places[pair[0]], places[pair[1]]];
  }
  return cut !== null && cut !== '' && Number.isFinite(Number(cut)) ? Number(cut) : data.cut;
}

function csvCell(/** @type {unknown} */ value) {
  const content = String(value);
  // A leading apostrophe keeps spreadsheets from evaluating a name.
  const safe = /^[=+\-@\t\r]/.test(content) && typeof value === 'string' ? `'${content}` : content;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function saveClusters() {
  const header = ['image', 'path', 'cluster', 'nearest', 'distance', ...data.annotations.map(({ name }) => name)];
  const rows = data.leaves.map((image) => [
    data.names[image],
    data.paths[image],
    state.clusters[image] + 1,
    data.names[nearest.items[image]] ?? '',
    Number.isFinite(nearest.distances[image]) ? nearest.distances[image] : '',
    ...data.annotations.map(({ values }) => values[image]),
  ]);
  const content = [header, ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], { type: 'text/csv' }));
  link.download = 'clusters.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function buildHead() {
  const row = document.createElement('tr');
  for (const { id, title, number } of COLUMNS) {
    const head = document.createElement('th');
    head.scope = 'col';
    head.className = number ? 'number' : '';
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = title;
    button.addEventListener('click', () => {
      state.sort = { column: id, descending: state.sort.column === id && !state.sort.descending };
      for (const other of row.children) {
        other.removeAttribute('aria-sort');
      }
      head.setAttribute('aria-sort', state.sort.descending ? 'descending' : 'ascending');
      sortRows();
      redraw();
    });
    head.append(button);
    row.append(head);
  }
  element('head').append(row);
}

/** Adds a filter for each annotation, and a legend of the colours of its bar. */
function buildAnnotations() {
  for (const [index, { name }] of data.annotations.entries()) {
    const { sorted, colors } = bars[index];
    const label = document.createElement('label');
    const select = document.createElement('select');
    select.setAttribute('aria-label', `Filter by ${name}`);
    const all = new Option(`all (${sorted.length})`, '');
    select.append(all, ...sorted.toSorted(text.compare).map((value) => new Option(value, value)));
    select.addEventListener('change', () => {
      state.filters[index] = select.value === '' ? undefined : select.value;
      scroller.scrollTop = 0;
      sortRows();
      redraw();
    });
    label.append(`${name} `, select);
    element('filters').insertBefore(label, element('found'));
    const legend = document.createElement('ul');
    legend.className = 'legend';
    legend.setAttribute('aria-label', `Bar ${index + 1}: ${name}`);
    const title = document.createElement('li');
    title.textContent = `${name}:`;
    const items = sorted
      .slice(0, COLORED_VALUES)
      .map((value) => legendItem(/** @type {string} */ (colors.get(value)), value));
    const others = sorted.length - items.length;
    legend.append(title, ...items, ...(others > 0 ? [legendItem(OTHER_VALUES, `${others} more`)] : []));
    element('bars').append(legend);
  }
}

function legendItem(/** @type {string} */ color, /** @type {string} */ content) {
  const item = document.createElement('li');
  const swatch = document.createElement('span');
  swatch.className = 'swatch';
  swatch.style.background = color;
  item.append(swatch, content);
  return item;
}

/** The place of the pointer in the map: rows and, in the heat map, columns. */
function placeOf(/** @type {MouseEvent} */ event) {
  const box = map.getBoundingClientRect();
  const columns = columnsOf(box.width);
  const row = Math.floor(state.top + ((event.clientY - box.top) / box.height) * state.rows);
  const x = event.clientX - box.left - columns.tree - columns.names;
  return { row, column: x < 0 ? -1 : Math.floor((x / columns.heat) * size) };
}

function listen() {
  slider.addEventListener('input', () => setCut(heights[Number(slider.value)]));
  cutField.addEventListener('input', () => {
    if (cutField.value !== '' && Number(cutField.value) >= 0) {
      setCut(Number(cutField.value));
    }
  });
  element('unit').addEventListener('change', (event) => {
    state.unit = /** @type {HTMLSelectElement} */ (event.target).value;
    redraw();
  });
  element('search').addEventListener('input', (event) => {
    state.query = /** @type {HTMLInputElement} */ (event.target).value;
    scroller.scrollTop = 0;
    sortRows();
    redraw();
  });
  element('save').addEventListener('click', saveClusters);
  element('whole').addEventListener('click', () => view(0, size));
  scroller.addEventListener('scroll', redraw);
  window.addEventListener('resize', redraw);
  window.addEventListener('hashchange', () => setCut(readLink() ?? state.cut));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  map.addEventListener('wheel', (event) => {
    event.preventDefault();
    const { row } = placeOf(event);
    const rows = state.rows * (event.deltaY > 0 ? 1.2 : 1 / 1.2);
    view(row - ((row - state.top) * rows) / state.rows, rows);
  });
  let dragged = false;
  map.addEventListener('pointerdown', () => {
    dragged = false;
  });
  map.addEventListener('pointermove', (event) => {
    if (event.buttons === 1 && Math.abs(event.movementY) > 0 && state.rows < size) {
      dragged = true;
      view(state.top - (event.movementY / map.getBoundingClientRect().height) * state.rows, state.rows);
    }
  });
  map.addEventListener('click', (event) => {
    const { row, column } = placeOf(event);
    if (dragged) {
      return;
    }
    if (column < 0) {
      choose(data.leaves[Math.max(0, Math.min(size - 1, row))]);
    } else {
      setPair(row, column);
    }
  });
  map.addEventListener('keydown', (event) => {
    const [one, other] = state.cell;
    const moves = {
      ArrowUp: () => setPair(one - 1, other),
      ArrowDown: () => setPair(one + 1, other),
      ArrowLeft: () => setPair(one, other - 1),
      ArrowRight: () => setPair(one, other + 1),
      '+': () => view(one - state.rows / 2.4, state.rows / 1.2),
      '-': () => view(one - state.rows / 1.7, state.rows * 1.2),
      Home: () => view(0, size),
    };
    const move = moves[/** @type {keyof typeof moves} */ (event.key)];
    if (move) {
      event.preventDefault();
      move();
    }
  });
}

slider.max = String(heights.length - 1);
buildHead();
buildAnnotations();
listen();
setCut(readLink() ?? 0);
