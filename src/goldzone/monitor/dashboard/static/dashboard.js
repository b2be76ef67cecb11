// Three views, by the address behind #: all runs, one run, several runs compared. Asks once a second.
import {csv, curves, network, quartiles, saveBlob, savePicture} from './charts.js';

const main = document.getElementById('main'), where = document.getElementById('where'), state = document.getElementById('state');
let shown = '', sorted = null, search = '', chosen = null, typed = '', said = '', timer = null;

function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(key, value);
  }
  node.append(...children.filter(child => child !== null && child !== undefined));
  return node;
}

const percent = value => value === null || value === undefined ? '-' : `${(100 * value).toFixed(1)}%`;
const figure = value => value === null || value === undefined ? '-' : value.toLocaleString('en');

function span(seconds) {
  if (seconds === null || seconds === undefined) return '-';
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : whole < 3600 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${Math.floor(whole / 3600)} h ${Math.floor(whole / 60) % 60} min`;
}

async function ask(address) {
  const answer = await fetch(address);
  const found = await answer.json().catch(() => ({problem: `the server answers ${answer.status}`}));
  if (!answer.ok) throw new Error(found.problem || `the server answers ${answer.status}`);
  return found;
}

function route() {
  const [, view = '', ids = ''] = location.hash.split('/');
  return {view, ids: ids.split(',').filter(Boolean)};
}

async function refresh() {
  clearTimeout(timer);
  const {view, ids} = route();
  try {
    if (view === 'run' && ids.length) await showRun(ids[0]);
    else if (view === 'compare' && ids.length) await showCompared(ids);
    else await showAll();
    state.textContent = '';
  } catch (error) {
    state.textContent = error.message;
    if (!shown) main.replaceChildren(el('p', {}, `${error.message}. Is goldzone dashboard still running?`));
  }
  timer = setTimeout(refresh, 1000);
}

/** Replace the page unless nothing changed: the focus, a selection and a half-typed word stay. */
function show(key, content, build) {
  const text = key + JSON.stringify(content);
  if (text === shown) return;
  const active = document.activeElement, label = active && active.getAttribute('aria-label');
  const caret = active && active.tagName === 'INPUT' ? active.selectionStart : null;
  shown = text;
  main.replaceChildren(...build());
  const again = label && [...main.querySelectorAll('[aria-label]')].find(node => node.getAttribute('aria-label') === label);
  if (again) { again.focus(); if (caret !== null && again.setSelectionRange) again.setSelectionRange(caret, caret); }
}

function table(heads, rows, label) {
  const head = el('tr', {}, ...heads.map(([name, kind]) => el('th', {scope: 'col', class: kind}, name)));
  const body = rows.map(row => el('tr', {}, ...row.map((cell, place) => el('td', {class: heads[place][1]}, cell instanceof Node ? cell : String(cell ?? '')))));
  return el('div', {class: 'scroll', tabindex: '0', role: 'group', 'aria-label': `table: ${label}`}, el('table', {}, el('thead', {}, head), el('tbody', {}, ...body)));
}

function panel(title, ...content) {
  return el('section', {'aria-label': title}, el('h2', {}, title), ...content);
}

function chartPanel(title, chart, heads, rows, ...more) {
  const name = title.replaceAll(/\W+/g, '-');
  return panel(title, chart, ...more, el('div', {class: 'tools'},
    el('button', {'aria-label': `${title}: save as PNG`, onclick: () => savePicture(chart, name)}, 'PNG'),
    el('button', {'aria-label': `${title}: save as CSV`, onclick: () => saveBlob(new Blob([csv(heads, rows)], {type: 'text/csv'}), `${name}.csv`)}, 'CSV')));
}

async function showAll() {
  const runs = await ask('/api/runs');
  where.textContent = `${runs.length.toLocaleString('en')} runs`;
  document.title = 'goldzone';
  const names = [['name', 'name'], ['state', ''], ['verdict', ''], ['dev', 'n'], ['gap', 'n'], ['done', 'n'], ['alerts', 'n'], ['path', '']];
  show('all', [runs, sorted, search], () => {
    if (!runs.length) return [el('p', {}, 'No run here yet. Train one: goldzone train slovak')];
    let rows = runs.filter(run => `${run.name} ${run.path}`.toLowerCase().includes(search.toLowerCase()));
    if (sorted) rows = rows.toSorted((a, b) => ((a[sorted] ?? -1) > (b[sorted] ?? -1) ? 1 : -1));
    const picked = new Set();
    const compare = el('button', {disabled: 'disabled', onclick: () => { location.hash = `#/compare/${[...picked].join(',')}`; }}, 'Compare');
    const body = rows.map(run => [
      el('span', {},
        el('input', {type: 'checkbox', 'aria-label': `compare ${run.path}`, onchange: event => {
          event.target.checked ? picked.add(run.id) : picked.delete(run.id);
          compare.disabled = picked.size < 2;
        }}), ' ', el('a', {href: `#/run/${run.id}`}, run.name || run.path)),
      run.problem ? el('span', {class: 'bad'}, run.problem) : run.state,
      run.verdict, percent(run.dev), percent(run.gap), percent(run.done),
      run.alerts ? el('span', {class: 'bad'}, String(run.alerts)) : '0', run.path]);
    const filter = el('input', {type: 'search', 'aria-label': 'search runs', placeholder: 'search', value: search, oninput: event => { search = event.target.value; refresh(); }});
    const found = table(names, body, 'all runs');
    [...found.querySelectorAll('th')].forEach((head, place) => {
      const name = names[place][0];
      head.replaceChildren(el('button', {'aria-label': `sort by ${name}`, onclick: () => { sorted = sorted === name ? null : name; refresh(); }}, sorted === name ? `${name} ▴` : name));
    });
    return [el('form', {onsubmit: event => event.preventDefault()}, filter, compare), found, el('p', {class: 'soft'}, sorted ? `by ${sorted}` : 'worst first')];
  });
}

function curveLines(glance) {
  const points = kind => glance.curve.map(point => [point.sweep, point[kind]]);
  return [{name: 'train', kind: 'train', points: points('train')}, {name: 'dev', kind: 'dev', points: points('dev')}];
}

function phases(glance) {
  return glance.curve.filter((point, place) => point.phase && (place === 0 || point.phase !== glance.curve[place - 1].phase)).map(point => ({at: point.sweep, name: point.phase.replaceAll('_', ' ')}));
}

async function choose(id, neuron) {
  chosen = {id, layer: neuron.layer, position: neuron.position, rows: null};
  try { chosen.rows = await ask(`/api/runs/${id}/neurons/${neuron.layer}/${neuron.position}`); } catch (error) { chosen.problem = error.message; }
  refresh();
}

function neuronPanel() {
  if (!chosen) return panel('A neuron', el('p', {class: 'soft'}, 'Choose one in the network: its sums, margins and premodulos, and why.'));
  const title = `Neuron ${chosen.layer}.${chosen.position}`;
  if (!chosen.rows) return panel(title, el('p', {}, chosen.problem || 'reading ...'));
  const heads = ['sweep', 'S', 'N', 'margin', 'premodulo', 'law', 'regime', 'why'];
  const rows = chosen.rows.map(row => [row.sweep, row.sum, row.samples, row.margin, row.premodulo, row.target < 0 ? null : row.target, row.regime, row.reason]);
  const points = name => chosen.rows.map(row => [row.sweep, row[name] > 0 ? row[name] : null]);
  const chart = curves([{name: 'premodulo', kind: 'have', points: points('premodulo')}, {name: 'law', kind: 'law', points: points('target')}], {label: `${title}: premodulo and the law`, percent: false, log: true});
  const cells = rows.map(row => [row[0], figure(row[1]), figure(row[2]), row[3] === null ? '-' : row[3].toFixed(4), figure(row[4]), figure(row[5]), (row[6] || '-').replace('_', ' '), row[7]]);
  const kinds = heads.map((name, place) => [name, place < 6 ? 'n' : place === 7 ? 'why' : '']);
  const shown = chartPanel(title, chart, heads, rows, table(kinds, cells, title));
  shown.classList.add('wide');
  return shown;
}

function sayPanel(id) {
  const input = el('input', {'aria-label': 'words to say', value: typed, placeholder: 'words', oninput: event => { typed = event.target.value; }});
  const out = el('p', {class: 'said', 'aria-live': 'polite'}, said);
  return panel('What the model says', el('form', {onsubmit: async event => {
    event.preventDefault();
    try { said = (await ask(`/api/runs/${id}/say?text=${encodeURIComponent(typed)}`)).said; } catch (error) { said = error.message; }
    out.textContent = said;
  }}, input, el('button', {}, 'Say')), out);
}

async function showRun(id) {
  const run = await ask(`/api/runs/${id}`);
  if (chosen && chosen.id !== id) chosen = null;
  where.textContent = run.name || run.path;
  document.title = `${run.name || run.path} - goldzone`;
  show('run', [run, chosen], () => {
    if (run.problem) return [el('p', {class: 'bad'}, run.problem)];
    const glance = run.glance;
    if (!glance.curve.length && !run.neurons) return [el('p', {}, 'It has not begun. This page goes on by itself.')];
    const figures = [
      ['state', glance.state + (glance.ended ? `: ${glance.ended}` : '')], ['verdict', `${glance.verdict}${glance.why ? `: ${glance.why}` : ''}`],
      [`dev ${glance.unit} right`, percent(glance.best_dev)], ['train', percent(run.train)], ['gap', percent(glance.gap)],
      ['sweep', glance.place ? `${glance.place.sweep} of ${glance.sweeps}` : `${glance.curve.length} of ${glance.sweeps}`],
      ['neurons a second', glance.neurons_per_second === null ? '-' : glance.neurons_per_second.toFixed(0)], ['left, at most', span(glance.seconds_left)]];
    const lines = curveLines(glance);
    const sweeps = run.sweeps || [], layers = [...new Set(sweeps.map(each => each.layer))].sort((a, b) => b - a);
    const before = layers.filter(layer => layer !== Math.max(...layers));
    const margins = before.map(layer => chartPanel(`Margins of layer ${layer}`, quartiles(sweeps, layer), ['sweep', 'low', 'median', 'high'],
      sweeps.filter(each => each.layer === layer && each.margin).map(each => [each.sweep, each.margin.low, each.margin.median, each.margin.high])));
    const capacities = before.map(layer => {
      const own = sweeps.filter(each => each.layer === layer);
      return {name: `layer ${layer}`, kind: `c${layer % 4}`, points: own.map(each => [each.sweep, each.premodulo.median])};
    });
    const open = glance.open_alerts, past = glance.past_alerts;
    const alerts = [...open.map(alert => [alert, 'open']), ...past.map(alert => [alert, `closed in sweep ${alert.closed}`])].map(([alert, now]) => [
      el('span', {class: now === 'open' ? 'bad' : ''}, now), alert.severity, alert.rule, alert.opened, alert.message]);
    return [
      el('dl', {class: 'figures'}, ...figures.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))),
      el('div', {class: 'grid'},
        chartPanel('Accuracy', curves(lines, {label: 'train and dev accuracy by sweep', cap: run.cap, gap: lines, bands: phases(glance)}),
          ['sweep', 'train', 'dev', 'phase'], glance.curve.map(point => [point.sweep, point.train, point.dev, point.phase])),
        panel('Network', run.neurons ? network(run.neurons, glance.place, neuron => choose(id, neuron)) : el('p', {}, 'nothing was trained yet'),
          el('ul', {class: 'legend'}, el('li', {}, '● gold zone'), el('li', {}, '▲ noisy'), el('li', {}, '■ collapsed'), el('li', {}, '○ not measured'), el('li', {}, 'training goes from the last layer to the first'))),
        ...margins,
        chartPanel('Capacity', curves(capacities, {label: 'median premodulo by layer and sweep', percent: false, log: true}), ['layer', 'sweep', 'premodulo'],
          capacities.flatMap(line => line.points.map(point => [line.name, ...point])), el('p', {class: 'soft'}, `R² with the capacity law: ${glance.r_squared === null ? 'not known (one of them does not vary)' : glance.r_squared.toFixed(2)}`)),
        panel('Layers', table([['layer', 'n'], ['neurons', 'n'], ['gold zone', 'n'], ['noisy', 'n'], ['collapsed', 'n'], ['margin', 'n'], ['premodulo', 'n'], ['law', 'n']],
          glance.layers.toReversed().map(layer => [layer.layer, figure(layer.neurons), figure(layer.gold_zone), figure(layer.noisy), figure(layer.collapsed), layer.margin ? layer.margin.median.toFixed(4) : '-', figure(layer.premodulo), figure(layer.target)]), 'layers')),
        neuronPanel(),
        panel('Alerts', alerts.length ? table([['', ''], ['severity', ''], ['rule', ''], ['sweep', 'n'], ['what, and what to do', '']], alerts, 'alerts') : el('p', {class: 'soft'}, 'none')),
        sayPanel(id),
        panel('Configuration', run.changed.length ? table([['field', ''], ['value', ''], ['default', '']], run.changed.map(each => [each.field, each.value, each.default]), 'configuration') : el('p', {class: 'soft'}, 'all defaults')))];
  });
}

async function showCompared(ids) {
  const runs = await Promise.all(ids.slice(0, 10).map(id => ask(`/api/runs/${id}`)));
  where.textContent = `${runs.length} runs compared`;
  show('compare', runs, () => {
    const lines = kind => runs.map((run, place) => ({name: run.name || run.path, kind: `c${place % 4}`, points: (run.glance ? run.glance.curve : []).map(point => [point.sweep, point[kind]])}));
    const rows = kind => lines(kind).flatMap(line => line.points.map(point => [line.name, ...point]));
    return [el('div', {class: 'grid'},
      chartPanel('Dev accuracy', curves(lines('dev'), {label: 'dev accuracy of the runs'}), ['run', 'sweep', 'dev'], rows('dev')),
      chartPanel('Train accuracy', curves(lines('train'), {label: 'train accuracy of the runs'}), ['run', 'sweep', 'train'], rows('train')),
      panel('Side by side', table([['run', ''], ['dev', 'n'], ['train', 'n'], ['gap', 'n'], ['what differs from the defaults', '']],
        runs.map(run => [el('a', {href: `#/run/${run.id}`}, run.name || run.path), percent(run.dev), percent(run.train), percent(run.gap), (run.changed || []).map(each => `${each.field} = ${each.value}`).join(', ')]), 'runs side by side')))];
  });
}

addEventListener('hashchange', () => { shown = ''; said = ''; typed = ''; refresh(); main.focus(); });
refresh();
