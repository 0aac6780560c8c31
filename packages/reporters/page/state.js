// What the user changes, and the elements that show it.

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

let isScheduled = false;

/** Draws the map, the strip and the visible rows of the table again, in the next frame of the browser. */
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

function view(/** @type {number} */ top, /** @type {number} */ rows) {
  state.rows = Math.max(Math.min(8, size), Math.min(size, rows));
  state.top = Math.max(0, Math.min(size - state.rows, top));
  redraw();
}
