import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';

export const K8S = join(__dirname, '../../../k8s');
export const OVERLAYS = ['dev', 'production'];
export const COMPONENTS = ['gateway-api', 'ingress', 'monitoring', 'autoscaling'];

/** An object as it would be applied. What kinds have in common; the rest by kind. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
}

/** Builds a kustomization with the kubectl that `scripts/test.mjs` has found or installed. */
export function build(directory: string): Manifest[] {
  const kubectl = process.env['KUBECTL'] ?? 'kubectl';
  const { status, stdout, stderr, error } = spawnSync(kubectl, ['kustomize', directory], {
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  });
  if (error !== undefined) throw new Error(`kubectl is needed (npm test installs it): ${error.message}`);
  if (status !== 0 || stderr !== '') throw new Error(`kubectl kustomize ${directory}: ${stderr}`);
  return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
}

/** Builds what somebody would write who wants these components on the base, or on an overlay, with nothing else. */
export function buildComposed(components: readonly string[], on = 'base'): Manifest[] {
  const directory = mkdtempSync(join(tmpdir(), 'beeline-overlay-'));
  const from = (path: string): string => relative(directory, join(K8S, path));
  try {
    const kustomization = {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      namespace: 'composed',
      resources: [from(on)],
      components: components.map((name) => from(`components/${name}`)),
      images: [{ name: 'beeline', newTag: 'test' }],
    };
    writeFileSync(join(directory, 'kustomization.yaml'), stringify(kustomization));
    return build(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
