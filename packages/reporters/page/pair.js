// The chosen pair, and where its disks are equal.

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

/** Returns the kind of each section of two disks: `equal`, `different` or `zero`; `null` if the kinds are unknown. */
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
  const pair = one === other ? labels[one] : `${labels[one]} and ${labels[other]}`;
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
