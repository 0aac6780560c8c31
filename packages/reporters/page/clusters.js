// The cut of the tree, and the clusters at it.

/**
 * Cuts the tree: the largest subtrees without a node above `cut` are clusters, numbered from 0 by their first images.
 * At the report's own cut, the clusters are those of the report.
 */
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

function setCut(/** @type {number} */ cut) {
  cutTree(cut);
  slider.value = String(heights.findLastIndex((height) => height <= cut));
  if (document.activeElement !== cutField) {
    cutField.value = String(Number(cut.toPrecision(6)));
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
      .map((image) => labels[image])
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

function legendItem(/** @type {string} */ color, /** @type {string} */ content) {
  const item = document.createElement('li');
  const swatch = document.createElement('span');
  swatch.className = 'swatch';
  swatch.style.background = color;
  item.append(swatch, content);
  return item;
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
