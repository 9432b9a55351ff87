/** Plots of the saved rows as SVG, drawn by ECharts without a browser. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as echarts from 'echarts';
import { newestOf } from './render.mjs';
import { median } from './statistics.mjs';
import { TARGETS } from '../targets/catalogue.mjs';

const SIZE = { width: 1000, height: 440 };
const BEELINE = '#d98200';
/** By place in the catalogue, so that a target has the same colour in every plot. */
const OTHERS = [
  '#31688e',
  '#35b779',
  '#7a5195',
  '#8c8c8c',
  '#c1467a',
  '#4fb0c6',
  '#5d6d3b',
  '#b58863',
  '#e3b04b',
];

export function drawPlots(rows, directory) {
  const newest = newestOf(rows);
  mkdirSync(directory, { recursive: true });
  const draw = (name, option) => {
    if (option === undefined) return;
    const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
    chart.setOption({ animation: false, backgroundColor: '#ffffff', ...option });
    writeFileSync(join(directory, name), withStableIds(chart.renderToSVGString()));
    chart.dispose();
  };
  draw('cost.svg', againstNodes(newest, 'cost', 'CPU per message at saturation, nodes and Redis'));
  draw(
    'fleet.svg',
    againstNodes(
      newest,
      'fleet',
      'CPU per message at one fixed rate of the whole fleet, idle cost subtracted',
    ),
  );
  draw('latency.svg', latency(newest));
}

function againstNodes(rows, scenario, title) {
  const ofScenario = rows.filter((row) => row.scenario === scenario);
  const sizes = [...new Set(ofScenario.map(({ nodes }) => nodes))].toSorted((a, b) => a - b);
  if (sizes.length < 2) return undefined;
  const targets = targetsOf(ofScenario);
  return {
    ...frame(title),
    xAxis: { type: 'category', data: sizes.map(String), name: 'nodes', nameLocation: 'middle', nameGap: 28 },
    yAxis: { type: 'value', name: 'µs', min: 0 },
    series: targets.map((target) => ({
      name: TARGETS[target].title,
      type: 'line',
      symbolSize: 7,
      connectNulls: true,
      lineStyle: { width: target === 'beeline' ? 4 : 2 },
      color: colorOf(target),
      data: sizes.map((size) => {
        const row = ofScenario.find(({ target: name, nodes }) => name === target && nodes === size);
        return row === undefined ? null : median(row.samples.map(({ totalUs }) => totalUs));
      }),
    })),
  };
}

const PERCENTILES = { p50Ms: 'p50', p99Ms: 'p99', p999Ms: 'p99.9' };

function latency(rows) {
  const ofLatency = rows.filter(({ scenario }) => scenario.startsWith('latency '));
  if (ofLatency.length === 0) return undefined;
  const ways = [...new Set(ofLatency.map(({ scenario }) => scenario))];
  const categories = ways.flatMap((way) => Object.keys(PERCENTILES).map((name) => ({ way, name })));
  const label = ({ way, name }) => {
    const [, place, perSecond] = way.split(' ');
    return `${PERCENTILES[name]}\n${place}\n${perSecond}/s`;
  };
  return {
    ...frame('From the time a message was meant to be sent until its receiver has it, two nodes'),
    xAxis: { type: 'category', data: categories.map(label), axisLabel: { interval: 0, lineHeight: 14 } },
    yAxis: { type: 'log', name: 'ms, logarithmic' },
    series: targetsOf(ofLatency).map((target) => ({
      name: TARGETS[target].title,
      type: 'scatter',
      symbolSize: 11,
      color: colorOf(target),
      data: categories.map(({ way, name }) => {
        const row = ofLatency.find((one) => one.scenario === way && one.target === target);
        return row === undefined ? null : median(row.samples.map((sample) => sample[name]));
      }),
    })),
  };
}

const targetsOf = (rows) => Object.keys(TARGETS).filter((name) => rows.some(({ target }) => target === name));
const colorOf = (target) =>
  target === 'beeline' ? BEELINE : OTHERS[Object.keys(TARGETS).indexOf(target) % OTHERS.length];

function frame(text) {
  return {
    title: { text, left: 'center', textStyle: { fontSize: 15 } },
    // Beside the plot: nine names have no room under it.
    legend: { orient: 'vertical', left: 712, top: 64, itemGap: 12 },
    grid: { left: 64, right: 310, top: 64, bottom: 72 },
  };
}

/** The library numbers its charts in the order they are made; without that number a plot changes only with its data. */
function withStableIds(svg) {
  return svg.replace(/zr\d+-/g, 'zr-');
}
