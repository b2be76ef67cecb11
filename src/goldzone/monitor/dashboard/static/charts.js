// Small charts in SVG. Text goes in as text, never as markup.
const SVG = 'http://www.w3.org/2000/svg';

export function svg(name, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children.filter(child => child !== null));
  return node;
}

function frame(width, height, label) {
  const title = svg('title');
  title.textContent = label;
  return svg('svg', {viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label}, title);
}

function text(x, y, value, anchor = 'start') {
  const node = svg('text', {x, y, 'text-anchor': anchor});
  node.textContent = value;
  return node;
}

const W = 640, H = 260, LEFT = 44, RIGHT = 70, TOP = 12, BOTTOM = 28;

function scale(from, to, low, high) {
  const span = to - from || 1;
  return value => low + (value - from) / span * (high - low);
}

/** Curves over sweeps; lines are {name, kind, points: [[x, y or null], ...]}. */
export function curves(lines, {label, cap = null, gap = null, bands = [], percent = true, log = false}) {
  const known = lines.flatMap(line => line.points).filter(point => point[1] !== null && (!log || point[1] > 0));
  const chart = frame(W, H, label);
  if (!known.length) { chart.append(text(W / 2, H / 2, 'nothing was measured yet', 'middle')); return chart; }
  const value = log ? Math.log2 : (each => each);
  const xs = known.map(point => point[0]), ys = known.map(point => value(point[1]));
  if (cap !== null) ys.push(cap);
  const low = Math.min(...ys), high = Math.max(...ys), room = (high - low || Math.abs(high) || 1) * 0.08;
  const x = scale(Math.min(...xs), Math.max(...xs), LEFT, W - RIGHT);
  const y = scale(percent ? Math.max(0, low - room) : low - room, percent ? Math.min(1, high + room) : high + room, H - BOTTOM, TOP);
  const shown = each => percent ? `${(100 * each).toFixed(0)}%` : log ? Math.round(2 ** each).toLocaleString('en') : each.toPrecision(3);
  for (const part of [0, 1, 2, 3]) {
    const each = low + (high - low) * part / 3;
    chart.append(svg('line', {x1: LEFT, x2: W - RIGHT, y1: y(each), y2: y(each), class: 'axis'}), text(LEFT - 6, y(each) + 4, shown(each), 'end'));
  }
  const first = Math.min(...xs), last = Math.max(...xs), step = Math.max(1, Math.ceil((last - first) / 8));
  for (let each = first; each <= last; each += step) chart.append(text(x(each), H - 8, String(each), 'middle'));
  for (const band of bands) chart.append(text(x(band.at), TOP + 8, band.name, 'middle'));
  if (gap) {
    const there = gap[0].points.map((point, place) => [point, gap[1].points[place]]).filter(([a, b]) => a[1] !== null && b && b[1] !== null);
    if (there.length > 1) {
      const up = there.map(([a]) => `${x(a[0])},${y(a[1])}`), down = there.map(([, b]) => `${x(b[0])},${y(b[1])}`).reverse();
      chart.append(svg('polygon', {points: [...up, ...down].join(' '), class: 'gap'}));
    }
  }
  if (cap !== null) chart.append(svg('line', {x1: LEFT, x2: W - RIGHT, y1: y(cap), y2: y(cap), class: 'cap'}), text(LEFT + 4, y(cap) - 4, `cap ${shown(cap)}`));
  for (const line of lines) {
    const points = line.points.filter(point => point[1] !== null && (!log || point[1] > 0));
    if (!points.length) continue;
    chart.append(svg('polyline', {points: points.map(p => `${x(p[0])},${y(value(p[1]))}`).join(' '), class: `curve ${line.kind}`}));
    const [end, height] = points[points.length - 1];
    chart.append(svg('circle', {cx: x(end), cy: y(value(height)), r: 3, class: `curve ${line.kind}`}), text(x(end) + 8, y(value(height)) + 4, line.name));
  }
  return chart;
}

/** The network, the final neuron on top; a neuron's area follows its premodulo, its shape the regime. */
export function network(neurons, place, onChoose) {
  const layers = [...new Set(neurons.map(neuron => neuron.layer))].sort((a, b) => b - a);
  const across = 32, cell = 20;
  let top = 24;
  const marks = [];
  const largest = Math.max(1, ...neurons.map(neuron => neuron.premodulo));
  for (const layer of layers) {
    const own = neurons.filter(neuron => neuron.layer === layer);
    const here = place && place.layer === layer;
    marks.push(text(0, top - 6, `layer ${layer}: ${own.length.toLocaleString('en')} ${own.length === 1 ? 'neuron' : 'neurons'}${here ? ', at work' : ''}`));
    own.forEach((neuron, number) => {
      const x = (number % across) * cell + cell / 2, y = top + Math.floor(number / across) * cell + cell / 2;
      const size = 3 + 5 * Math.sqrt(Math.log2(1 + neuron.premodulo) / Math.log2(1 + largest));
      const regime = neuron.regime === null ? 'unknown' : neuron.regime;
      const lit = here && (place.position === null || place.position === neuron.position) ? ' now' : '';
      const label = `neuron ${neuron.layer}.${neuron.position}, ${regime.replace('_', ' ')}, premodulo ${neuron.premodulo}`;
      const shape = {
        collapsed: () => svg('rect', {x: x - size, y: y - size, width: 2 * size, height: 2 * size}),
        noisy: () => svg('path', {d: `M ${x} ${y - size} L ${x + size} ${y + size} L ${x - size} ${y + size} Z`}),
      }[regime] || (() => svg('circle', {cx: x, cy: y, r: size}));
      const node = shape();
      node.setAttribute('class', regime + lit);
      node.setAttribute('role', 'button');
      node.setAttribute('tabindex', number === 0 ? '0' : '-1');
      node.setAttribute('aria-label', label);
      node.addEventListener('click', () => onChoose(neuron));
      node.addEventListener('keydown', event => {
        if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); onChoose(neuron); }
        const to = {ArrowRight: node.nextElementSibling, ArrowLeft: node.previousElementSibling}[event.key];
        if (to && to.getAttribute('role') === 'button') to.focus();
      });
      marks.push(node);
    });
    top += Math.ceil(own.length / across) * cell + 30;
  }
  const chart = svg('svg', {viewBox: `0 0 ${across * cell} ${top - 20}`, role: 'group', 'aria-label': 'neurons by layer'});
  chart.append(...marks);
  return chart;
}

/** Quartiles of the margins of a layer over the sweeps. */
export function quartiles(sweeps, layer) {
  const own = sweeps.filter(each => each.layer === layer && each.margin);
  const chart = frame(W, H, `margins of layer ${layer} by sweep`);
  if (!own.length) { chart.append(text(W / 2, H / 2, 'no margin was measured yet', 'middle')); return chart; }
  const high = Math.max(...own.map(each => each.margin.high), 1e-6);
  const x = scale(own[0].sweep, own[own.length - 1].sweep, LEFT + 20, W - RIGHT), y = scale(0, high, H - BOTTOM, TOP);
  for (const part of [0, 0.5, 1]) chart.append(svg('line', {x1: LEFT, x2: W - RIGHT, y1: y(high * part), y2: y(high * part), class: 'axis'}), text(LEFT - 6, y(high * part) + 4, (high * part).toPrecision(2), 'end'));
  for (const each of own) {
    const at = x(each.sweep);
    chart.append(
      svg('rect', {x: at - 10, width: 20, y: y(each.margin.high), height: Math.max(1, y(each.margin.low) - y(each.margin.high)), class: 'box'}),
      svg('line', {x1: at - 10, x2: at + 10, y1: y(each.margin.median), y2: y(each.margin.median), class: 'mid'}),
      text(at, H - 8, String(each.sweep), 'middle'));
  }
  return chart;
}

/** Save a chart as a picture, in the colours that are shown. */
export function savePicture(chart, name) {
  const copy = chart.cloneNode(true);
  const from = [chart, ...chart.querySelectorAll('*')], to = [copy, ...copy.querySelectorAll('*')];
  from.forEach((node, place) => {
    const style = getComputedStyle(node);
    for (const key of ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'opacity', 'font-family', 'font-size']) to[place].setAttribute(key, style.getPropertyValue(key));
    to[place].removeAttribute('class');
  });
  const box = chart.viewBox.baseVal;
  copy.setAttribute('width', 2 * box.width);
  copy.setAttribute('height', 2 * box.height);
  const picture = new Image();
  picture.onload = () => {
    const canvas = document.createElement('canvas');
    canvas.width = 2 * box.width;
    canvas.height = 2 * box.height;
    const context = canvas.getContext('2d');
    context.fillStyle = getComputedStyle(document.body).backgroundColor;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(picture, 0, 0);
    canvas.toBlob(blob => saveBlob(blob, `${name}.png`));
  };
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
}

export function saveBlob(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Rows as CSV; a cell that a spreadsheet would take for a formula is quoted as text. */
export function csv(heads, rows) {
  const cell = value => {
    const plain = value === null || value === undefined ? '' : String(value);
    const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(plain) ? `'${plain}` : plain;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [heads, ...rows].map(row => row.map(cell).join(',')).join('\r\n') + '\r\n';
}
