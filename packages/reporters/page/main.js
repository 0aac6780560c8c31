// The address, the input, and the start.

/** Writes the cut, and the names of the chosen pair, to the address of the page. */
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

/** Returns the row of the map under the pointer, and the column of the heat map; −1 to the left of the heat map. */
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
    showScale();
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
if (data.unit !== 'blocks') {
  element('unit').querySelector('[value="bytes"]')?.remove();
}
listen();
showScale();
setCut(readLink() ?? 0);
