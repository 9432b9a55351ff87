import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IPrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { stringify } from 'yaml';
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
      const [file = '', anchor] = rule.annotations?.['runbook']?.split('#') ?? [];
      expect(anchor).toBe(alert.toLowerCase());
      expect(readFileSync(join(__dirname, '../..', file), 'utf8')).toContain(`\n#### ${alert}\n`);
    },
  );

  const promtool = spawnSync('promtool', ['--version']).error === undefined ? it : it.skip;
  promtool('pass promtool', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'beeline-rules-')), 'rules.yaml');
    writeFileSync(file, stringify({ groups }));
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining(`${alerts.length} rules found`)]);
  });
});

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
