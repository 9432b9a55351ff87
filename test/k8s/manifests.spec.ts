import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build, buildComposed, COMPONENTS, K8S, OVERLAYS } from './lib/kustomize';
import { mutated } from './lib/mutate';
import { faultsOf } from './lib/schemas';

const overlays = OVERLAYS.map((name) => [name, () => build(join(K8S, 'overlays', name))] as const);
const composed = [[], ...COMPONENTS.map((name) => [name]), COMPONENTS].map(
  (names) => [`base with ${names.join(', ') || 'nothing'}`, () => buildComposed(names)] as const,
);

describe('the manifests', () => {
  it.each([...overlays, ...composed])('of %s are built and fit the schemas', (_name, make) => {
    const manifests = make();
    expect(manifests.length).toBeGreaterThan(5);
    expect(manifests.flatMap(faultsOf)).toEqual([]);
  });

  it('are all among those tried here', () => {
    expect(readdirSync(join(K8S, 'overlays')).toSorted()).toEqual(OVERLAYS.toSorted());
    expect(readdirSync(join(K8S, 'components')).toSorted()).toEqual(COMPONENTS.toSorted());
  });
});

describe('the validation', () => {
  const manifests = buildComposed(COMPONENTS);
  const CONTAINER = 'spec.template.spec.containers.0';

  it.each([
    ['Deployment', 'spec.replica', 2, 'unknown key /spec/replica'],
    ['Deployment', 'spec.replicas', 'two', 'integer'],
    ['Deployment', `${CONTAINER}.livenessProbe.path`, '/', 'containers/0/livenessProbe/path'],
    ['Deployment', `${CONTAINER}.name`, undefined, 'name'],
    ['Deployment', 'apiVersion', 'apps/v1beta1', 'no schema'],
    ['Service', 'selector', {}, 'unknown key /selector'],
    ['NetworkPolicy', 'spec.ingres', [], 'unknown key /spec/ingres'],
    ['PodDisruptionBudget', 'spec.minAvailble', 1, 'unknown key /spec/minAvailble'],
    ['HorizontalPodAutoscaler', 'spec.maxReplicas', undefined, 'maxReplicas'],
    ['Ingress', 'spec.rules.0.http.paths.0.pathType', undefined, 'pathType'],
    ['HTTPRoute', 'spec.rules.0.backendRef', [], 'unknown key /spec/rules/0/backendRef'],
    ['ServiceMonitor', 'spec.endpoints.0.intervall', '1s', 'unknown key /spec/endpoints/0/intervall'],
    ['PrometheusRule', 'spec.groups.0.rules.0.exp', 'up', 'unknown key /spec/groups/0/rules/0/exp'],
  ])('finds in a %s: %s is %j', (kind, path, value, fault) => {
    expect(mutated(manifests, kind, path, value).flatMap(faultsOf).join()).toContain(fault);
  });
});
