// The table of the images.

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
  ...(data.encryption
    ? [
        {
          id: 'encryption',
          title: 'Encryption',
          number: false,
          value: (/** @type {number} */ image) => data.encryption?.[image] ?? '',
        },
      ]
    : []),
  { id: 'format', title: 'Format', number: false, value: (/** @type {number} */ image) => data.formats[image] },
  { id: 'path', title: 'Path', number: false, value: (/** @type {number} */ image) => data.paths[image] },
  ...data.annotations.map(({ name, values }, index) => ({
    id: `annotation-${index}`,
    title: name,
    number: false,
    value: (/** @type {number} */ image) => values[image],
  })),
];

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
