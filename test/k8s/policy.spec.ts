import { join } from 'node:path';
import { build, buildComposed, COMPONENTS, K8S, type Manifest, OVERLAYS } from './lib/kustomize';
import { mutated } from './lib/mutate';
import { POLICY, workloadsOf } from './lib/policy';

const everything = buildComposed(COMPONENTS, 'overlays/dev');
const sets: [string, Manifest[]][] = [
  ...OVERLAYS.map((name): [string, Manifest[]] => [name, build(join(K8S, 'overlays', name))]),
  ['base with every component', buildComposed(COMPONENTS)],
  ['dev with every component', everything],
];

describe.each(sets)('every workload of %s', (name, manifests) => {
  it.each(Object.entries(POLICY))('%s', (_rule, check) => {
    expect(check(manifests)).toEqual([]);
  });

  it('is looked at, and has a store', () => {
    const workloads = workloadsOf(manifests);
    expect(workloads.map(({ name: workload }) => workload)).toContain(NODE);
    const env = workloads.find(({ isNode }) => isNode)?.containers[0]?.env ?? [];
    expect(env.some((variable) => variable.name === 'REDIS_URL')).toBe(!name.startsWith('base'));
  });
});

const NODE = 'Deployment beeline';
const REDIS = 'StatefulSet redis';
const SETTINGS_MAP = 'ConfigMap beeline-settings';
const POD = 'spec.template.spec';
const CONTAINER = `${POD}.containers.0`;

/** For every rule, what it must find: what is changed, of which object, where, and into what (undefined: taken away). */
const MUTATIONS: Record<string, [what: string, which: string, path: string, value: unknown][]> = {
  'has probes for start, life and readiness': [
    ['no startup probe', NODE, `${CONTAINER}.startupProbe`, undefined],
    ['Redis is not asked', REDIS, `${CONTAINER}.livenessProbe`, undefined],
    ['life depends on Redis', NODE, `${CONTAINER}.livenessProbe.httpGet.path`, '/readyz'],
    ['a port that is not there', NODE, `${CONTAINER}.readinessProbe.httpGet.port`, 'htp'],
  ],
  'is given time to wait for its store, and some to spare': [
    ['killed while it waits', NODE, `${CONTAINER}.startupProbe.failureThreshold`, 30],
    ['a longer wait', SETTINGS_MAP, 'data.START_TIMEOUT_MS', '90000'],
    ['no settings', SETTINGS_MAP, '', undefined],
  ],
  'is given time to go: preStop, then the drain, then some to spare': [
    ['no preStop', NODE, `${CONTAINER}.lifecycle`, undefined],
    ['killed while it drains', NODE, `${POD}.terminationGracePeriodSeconds`, 30],
    ['a longer drain', SETTINGS_MAP, 'data.DRAIN_TIMEOUT_MS', '60000'],
    ['no settings', SETTINGS_MAP, '', undefined],
  ],
  'is disrupted one at a time, and can be': [
    ['no budget', 'PodDisruptionBudget beeline', '', undefined],
    ['a budget of none', 'PodDisruptionBudget redis', 'spec.maxUnavailable', 0],
    ['a budget for others', 'PodDisruptionBudget beeline', 'spec.selector', { matchLabels: { app: 'x' } }],
  ],
  'is spread over machines': [
    ['nothing said', NODE, `${POD}.topologySpreadConstraints`, undefined],
    [
      'others are spread',
      REDIS,
      `${POD}.topologySpreadConstraints.0.labelSelector`,
      { matchLabels: { app: 'x' } },
    ],
  ],
  'has resources, and keeps well within its memory': [
    ['no request', NODE, `${CONTAINER}.resources.requests`, undefined],
    ['no limit', REDIS, `${CONTAINER}.resources.limits`, undefined],
    [
      'a heap as large as the pod',
      NODE,
      `${CONTAINER}.env`,
      [{ name: 'NODE_OPTIONS', value: '--max-old-space-size=896' }],
    ],
    ['a heap without a limit', NODE, `${CONTAINER}.env`, []],
    ['Redis without maxmemory', 'ConfigMap redis', 'data', {}],
  ],
  'is as restricted as Pod Security can ask': [
    ['root', NODE, `${POD}.securityContext.runAsUser`, 0],
    ['perhaps root', REDIS, `${POD}.securityContext.runAsNonRoot`, undefined],
    ['no seccomp', NODE, `${POD}.securityContext.seccompProfile`, undefined],
    ['a root to write to', REDIS, `${CONTAINER}.securityContext.readOnlyRootFilesystem`, undefined],
    ['capabilities', NODE, `${CONTAINER}.securityContext.capabilities`, undefined],
    ['a capability more', NODE, `${CONTAINER}.securityContext.capabilities.add`, ['NET_ADMIN']],
    ['privileges to gain', NODE, `${CONTAINER}.securityContext.allowPrivilegeEscalation`, undefined],
    ['privileged', NODE, `${CONTAINER}.securityContext.privileged`, true],
    ['a user of its own', NODE, `${CONTAINER}.securityContext.runAsUser`, 1],
    ["the host's network", NODE, `${POD}.hostNetwork`, true],
    ["the host's files", NODE, `${POD}.volumes`, [{ name: 'host', hostPath: { path: '/' } }]],
    ["the host's port", NODE, `${CONTAINER}.ports.0.hostPort`, 80],
    ['a container more', NODE, `${POD}.containers.1`, { name: 'x' }],
  ],
  'has no token for the API': [
    ['the pod mounts one', NODE, `${POD}.automountServiceAccountToken`, undefined],
    ['the account gives one', 'ServiceAccount redis', 'automountServiceAccountToken', undefined],
    ["the namespace's account", NODE, `${POD}.serviceAccountName`, undefined],
  ],
  'is reached by, and reaches, only what is named': [
    ['nothing is shut', 'NetworkPolicy nothing', '', undefined],
    ['one way is shut', 'NetworkPolicy nothing', 'spec.policyTypes', ['Ingress']],
    ['Redis is not named', 'NetworkPolicy redis', '', undefined],
    ['out to everybody', 'NetworkPolicy beeline-to-redis', 'spec.egress', [{ ports: [{ port: 6379 }] }]],
    ['in on every port', 'NetworkPolicy beeline', 'spec.ingress.0.ports', undefined],
  ],
  'lets only nodes reach Redis': [
    ['the whole namespace', 'NetworkPolicy redis', 'spec.ingress.0.from', [{ podSelector: {} }]],
    ['every namespace', 'NetworkPolicy redis', 'spec.ingress.0.from', [{ namespaceSelector: {} }]],
  ],
  'has its settings in a ConfigMap, every one a setting there is': [
    ['a misspelt one', SETTINGS_MAP, 'data.LOG_LEVELS', 'info'],
  ],
  'has its secrets in a Secret, and none in what is kept in git': [
    ['a Secret in git', 'ServiceAccount redis', 'kind', 'Secret'],
    ['a password written out', NODE, `${CONTAINER}.env`, [{ name: 'REDIS_URL', value: 'redis://:pw@redis' }]],
  ],
  'names variables only after they were set': [
    [
      'named and not set',
      NODE,
      `${CONTAINER}.env.0`,
      { name: 'REDIS_URL', value: 'redis://:$(PASSWORD)@redis' },
    ],
  ],
  'calls nodes as their pods, and has a key for tokens': [
    [
      'no key',
      NODE,
      `${CONTAINER}.env`,
      [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    ],
    [
      "the machine's name",
      NODE,
      `${CONTAINER}.env`,
      [
        { name: 'AUTH_SECRET' },
        { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      ],
    ],
  ],
  'is rolled with one more, never with one fewer': [
    ['one fewer', NODE, 'spec.strategy.rollingUpdate.maxUnavailable', 1],
    ['all at once', NODE, 'spec.strategy', { type: 'Recreate' }],
  ],
  'sticks to no node': [
    ['the Service', 'Service beeline', 'spec.sessionAffinity', 'ClientIP'],
    [
      'the Ingress',
      'Ingress beeline',
      'metadata.annotations',
      { 'nginx.ingress.kubernetes.io/affinity': 'cookie' },
    ],
    ['the route', 'HTTPRoute beeline', 'spec.rules.0.sessionPersistence', {}],
  ],
  'leaves WebSockets their time': [
    ['nothing said', 'Ingress beeline', 'metadata.annotations', undefined],
    ['too short', 'Ingress beeline', 'metadata.annotations', { 'haproxy.org/timeout-tunnel': '30' }],
  ],
  'shows clients what is for clients': [
    ['everything', 'HTTPRoute beeline', 'spec.rules.0.matches.0.path.value', '/'],
    ['metrics', 'Ingress beeline', 'spec.rules.0.http.paths.0.path', '/metrics'],
  ],
  'is where Pod Security is enforced': [['nothing said', 'Namespace', 'metadata.labels', undefined]],
  'is in one namespace': [['another', 'Service beeline', 'metadata.namespace', 'default']],
  'runs images of a named version': [
    ['no version', NODE, `${CONTAINER}.image`, 'registry:5000/beeline'],
    ['the latest', REDIS, `${CONTAINER}.image`, 'redis:latest'],
  ],
  'is found by what names it': [
    ['a port with another name', NODE, `${CONTAINER}.ports.0.name`, 'web'],
    ['labels that nobody has', 'Service beeline', 'spec.selector', { app: 'x' }],
    ['two who say how many', NODE, 'spec.replicas', 3],
    ['an autoscaler of nothing', 'HorizontalPodAutoscaler beeline', 'spec.scaleTargetRef.name', 'bee'],
  ],
  'scales down slowly': [
    ['nothing said', 'HorizontalPodAutoscaler beeline', 'spec.behavior', undefined],
    ['half of them', 'HorizontalPodAutoscaler beeline', 'spec.behavior.scaleDown.policies.0.type', 'Percent'],
  ],
};

describe('the policy itself', () => {
  const cases = Object.entries(MUTATIONS).flatMap(([rule, mutations]) =>
    mutations.map((mutation) => [rule, ...mutation] as const),
  );

  it.each(cases)('"%s" finds: %s', (rule, _what, which, path, value) => {
    expect(POLICY[rule]?.(mutated(everything, which, path, value))).not.toEqual([]);
  });

  it('is tried rule by rule', () => {
    expect(Object.keys(MUTATIONS)).toEqual(Object.keys(POLICY));
  });
});
