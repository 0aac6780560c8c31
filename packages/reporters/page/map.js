// The tree, the names and the heat map.

/** Sizes a canvas to its box. Returns its context and its size, both in CSS pixels. */
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

/** Colours from dark blue for equal images to nearly white for the most different images, as 32-bit pixels. */
const SHADES = Uint32Array.from({ length: 256 }, (_, index) => {
  const channel = (/** @type {number} */ from, /** @type {number} */ to) =>
    Math.round(from + ((to - from) * index) / 255);
  // Little-endian, as on every machine that runs a browser.
  return (255 << 24) | (channel(107, 255) << 16) | (channel(48, 251) << 8) | channel(8, 247);
});

/** The visible part of the heat map, and a text of the size and rows for which it was painted. */
const heat = { canvas: document.createElement('canvas'), shown: '' };

/** Paints the visible rows of the heat map, one pixel for each CSS pixel, unless they are painted already. */
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

/** The smallest distance between names, in pixels. */
const NAME_HEIGHT = 9;

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
  const [top, bottom] = [6, height - 6];
  let lastY = Number.NEGATIVE_INFINITY;
  for (let place = first; place < end; place++) {
    const image = data.leaves[place];
    const y = (place + 0.5 - state.top) * row;
    context.fillStyle = colorOf(state.clusters[image]);
    context.fillRect(columns.tree, y - row / 2, 5, Math.max(1, row));
    // The first and the last name are completely visible, however low their rows are.
    const nameY = Math.max(top, Math.min(bottom, y));
    // Names that would overlap are left out; zooming in shows them.
    if (nameY - lastY >= NAME_HEIGHT) {
      context.fillStyle = style('--text');
      context.fillText(labels[image], columns.tree + 9, nameY);
      lastY = nameY;
    }
  }
  drawBars(context, columns, row);
  context.restore();
}

/** Shows the distances of three colours of the heat map, in the chosen unit. */
function showScale() {
  const unit = state.unit === 'blocks' ? ` ${data.unit}` : '';
  element('equal').textContent = distanceText(0);
  // Colours are proportional to the square root of the distance, so the middle is a quarter of the largest.
  element('middle').textContent = distanceText(farthest / 4);
  element('farthest').textContent = `${distanceText(farthest)}${unit}`;
}
