// Bars, filters and legends of annotations.

/**
 * Returns the different values of an annotation that are not empty, the most frequent first, and their colours.
 * @param {string[]} values
 */
function barOf(values) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const value of values) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  counts.delete('');
  const sorted = [...counts].sort(([, one], [, other]) => other - one).map(([value]) => value);
  const colors = new Map(sorted.map((value, index) => [value, VALUE_COLORS[index] ?? OTHER_VALUES]));
  return { sorted, colors };
}

/**
 * Draws a bar for each annotation at the right of the names, beside the heat map.
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
      .slice(0, VALUE_COLORS.length)
      .map((value) => legendItem(/** @type {string} */ (colors.get(value)), value));
    const others = sorted.length - items.length;
    legend.append(title, ...items, ...(others > 0 ? [legendItem(OTHER_VALUES, `${others} more`)] : []));
    element('bars').append(legend);
  }
}
