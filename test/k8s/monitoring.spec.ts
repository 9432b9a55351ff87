import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { IPrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { stringify } from 'yaml';
import { CASES } from './lib/alert-cases';
import { buildComposed, type Manifest } from './lib/kustomize';
import { METRICS, unknownIn } from './lib/metrics';
import { find } from './lib/mutate';

interface Panel {
  title: string;
  type: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string }[];
}

const manifests = buildComposed(['monitoring', 'autoscaling']);
const { groups = [] } = (find(manifests, 'PrometheusRule') as Manifest & IPrometheusRule).spec;
const alerts = groups.flatMap(({ rules = [] }) => rules);
const board = JSON.parse(
  (find(manifests, 'ConfigMap beeline-dashboard') as Manifest & { data: Record<string, string> }).data[
    'beeline.json'
  ] ?? '',
) as { panels: Panel[] };
const panels = board.panels.filter(({ type }) => type !== 'row');
const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

describe('the alerts', () => {
  it.each(alerts.map((rule) => [String(rule.alert), rule]))('%s asks for what nodes have', (_alert, rule) => {
    expect(unknownIn(String(rule.expr))).toEqual([]);
    expect(rule.labels?.['severity']).toMatch(/^(critical|warning)$/);
  });

  it.each(alerts.map((rule) => [String(rule.alert), rule]))(
    '%s has its words in the runbook',
    (alert, rule) => {
      const url = new URL(rule.annotations?.['runbook_url'] ?? '');
      expect(url.hash).toBe(`#${alert.toLowerCase()}`);
      const file = join(__dirname, '../../docs', basename(url.pathname));
      expect(readFileSync(file, 'utf8')).toContain(`\n#### ${alert}\n`);
    },
  );

  it('pass promtool', () => {
    const { status, output } = promtool('check', {});
    expect([status, output]).toEqual([0, expect.stringContaining(`${alerts.length} rules found`)]);
  });

  it('have a case each', () => {
    expect(Object.keys(CASES).toSorted()).toEqual(alerts.map(({ alert }) => String(alert)).toSorted());
  });

  it.each(Object.entries(CASES))('%s fires, and says for which namespace', (alert, { fires }) => {
    const { status, output } = promtool('test', caseOf(alert, fires, 1));
    expect([status, output]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });

  it.each(Object.entries(CASES))('%s stays still', (alert, { still }) => {
    const { status, output } = promtool('test', caseOf(alert, still, 0));
    expect([status, output]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });

  it('knows every metric that docs/metrics.md knows', () => {
    const docs = readFileSync(join(__dirname, '../../docs/metrics.md'), 'utf8');
    const names = [...docs.matchAll(/^\| `(beeline_\w+)`/gm)].map(([, name = '']) => name);
    expect(Object.keys(METRICS).toSorted()).toEqual(names.toSorted());
  });
});

/** Runs promtool over the rules, or over the cases of a test beside them. */
function promtool(what: 'check' | 'test', test: object): { status: number | null; output: string } {
  const directory = mkdtempSync(join(tmpdir(), 'beeline-rules-'));
  writeFileSync(join(directory, 'rules.yaml'), stringify({ groups }));
  writeFileSync(join(directory, 'test.yaml'), stringify(test));
  const file = join(directory, what === 'check' ? 'rules.yaml' : 'test.yaml');
  const { status, stdout, stderr } = spawnSync('promtool', [what, 'rules', file], { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

/** A quarter of an hour and more of these series: how many alerts of that name fire then, by their namespace. */
function caseOf(alert: string, series: Record<string, string>, count: number): object {
  return {
    rule_files: ['rules.yaml'],
    evaluation_interval: '15s',
    tests: [
      {
        interval: '15s',
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: [
          {
            expr: `count by (namespace) (ALERTS{alertname="${alert}", alertstate="firing"})`,
            eval_time: '29m',
            exp_samples: count === 0 ? [] : [{ labels: '{namespace="beeline"}', value: count }],
          },
        ],
      },
    ],
  };
}

describe('the dashboard', () => {
  it.each(panels.map((panel) => [panel.title, panel]))(
    '%s shows what nodes have',
    (_title, { targets = [] }) => {
      expect(targets.length).toBeGreaterThan(0);
      expect(targets.flatMap(({ expr }) => unknownIn(expr))).toEqual([]);
    },
  );

  it.each(Object.keys(METRICS))('shows %s', (metric) => {
    expect(expressions.some((expr) => expr.includes(metric))).toBe(true);
  });

  it('has no panel over another', () => {
    const taken = board.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(taken).size).toBe(taken.length);
  });
});

describe('the look for unknown metrics', () => {
  it.each([
    ['beeline_conections'],
    ['beeline_delivery_seconds'],
    ['rate(beeline_sends_total_bucket[5m])'],
    ['rate(beeline_sends_total{outcome="ok"}[5m])'],
    ['beeline_sends_total > 1'],
    ['rate(beeline_ready[5m])'],
  ])('finds %s', (expression) => {
    expect(unknownIn(expression)).not.toEqual([]);
  });
});
