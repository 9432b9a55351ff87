import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import type { IIngress, INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type {
  IConfigMap,
  IContainer,
  IPodSpec,
  IProbe,
  IService,
  IServiceAccount,
} from 'kubernetes-models/v1';
import { SETTINGS } from '../../../src/config';
import type { Manifest } from './kustomize';

type Labels = Record<string, string>;
type Selector = { matchLabels?: Labels } | undefined;

/** Something that makes pods, with what is looked at most. */
interface Workload {
  name: string;
  kind: string;
  isNode: boolean;
  labels: Labels;
  pod: IPodSpec;
  containers: IContainer[];
  /** A StatefulSet, too, has of these fields what is looked at. */
  object: IDeployment;
}

/** One thing that must hold: what breaks it, by name. */
export type Rule = (manifests: readonly Manifest[]) => string[];

/** What is asked of every workload, and of what stands around it. */
export const POLICY: Record<string, Rule> = {
  'has probes for start, life and readiness': forContainers((container, { isNode }) => {
    const paths = { startupProbe: '/healthz', livenessProbe: '/healthz', readinessProbe: '/readyz' };
    return Object.entries(paths).flatMap(([name, path]) => {
      const probe = container[name as keyof typeof paths];
      if (probe === undefined) return [`no ${name}`];
      if (!isNode) return [];
      return probe.httpGet?.path === path && hasPort(container, probe)
        ? []
        : [`${name} does not ask ${path}`];
    });
  }),

  'is given time to wait for its store, and some to spare': forContainers(
    (container, { isNode }, manifests) => {
      const { periodSeconds = 10, failureThreshold = 3 } = container.startupProbe ?? {};
      const startMs = isNode ? Number(settingsOf(container, manifests)['START_TIMEOUT_MS']) + 10_000 : 0;
      const probedMs = 1000 * periodSeconds * failureThreshold;
      return probedMs >= startMs ? [] : [`${probedMs} ms to start, ${startMs} ms needed`];
    },
  ),

  'is given time to go: preStop, then the drain, then some to spare': forContainers(
    (container, { pod, isNode }, manifests) => {
      const preStopMs = 1000 * (container.lifecycle?.preStop?.sleep?.seconds ?? 0);
      const drainMs = isNode ? Number(settingsOf(container, manifests)['DRAIN_TIMEOUT_MS']) : 0;
      const graceMs = 1000 * (pod.terminationGracePeriodSeconds ?? 30);
      if (preStopMs === 0) return ['no preStop'];
      return graceMs > preStopMs + drainMs ? [] : [`${graceMs} ms to go, ${preStopMs + drainMs} ms needed`];
    },
  ),

  'is disrupted one at a time, and can be': forWorkloads(({ labels }, manifests) => {
    const budgets = ofKind<IPodDisruptionBudget>(manifests, 'PodDisruptionBudget').filter(({ spec }) =>
      selects(spec?.selector, labels),
    );
    if (budgets.length !== 1) return [`${budgets.length} disruption budgets`];
    return budgets[0]?.spec?.maxUnavailable === 1 ? [] : ['its budget does not allow exactly one'];
  }),

  'is spread over machines': forWorkloads(({ pod, labels }) => {
    const spread = pod.topologySpreadConstraints?.filter(({ labelSelector }) =>
      selects(labelSelector, labels),
    );
    return spread?.some(({ topologyKey }) => topologyKey === 'kubernetes.io/hostname') ? [] : ['not spread'];
  }),

  'has resources, and keeps well within its memory': forContainers((container, _workload, manifests) => {
    const { requests, limits } = container.resources ?? {};
    if (!requests?.['cpu'] || !requests['memory'] || !limits?.['memory']) return ['resources missing'];
    const own = ownLimitBytes(container, manifests);
    if (own === undefined) return ['does not limit itself'];
    return own <= 0.75 * bytesOf(String(limits['memory']))
      ? []
      : ['its own limit leaves too little around it'];
  }),

  'is as restricted as Pod Security can ask': forWorkloads(({ pod, containers }) => {
    const { runAsNonRoot, runAsUser, seccompProfile } = pod.securityContext ?? {};
    return [
      ...broken('may run as root', runAsNonRoot === true && (runAsUser ?? 0) > 0),
      ...broken('no seccomp profile', seccompProfile?.type === 'RuntimeDefault'),
      ...broken('shares the host', !pod.hostNetwork && !pod.hostPID && !pod.hostIPC),
      ...broken('mounts the host', !pod.volumes?.some((volume) => 'hostPath' in volume)),
      ...containers.flatMap(({ ports, securityContext }) => [
        ...broken('may gain privileges', securityContext?.allowPrivilegeEscalation === false),
        ...broken('privileged', !securityContext?.privileged),
        ...broken('has capabilities', isWithoutCapabilities(securityContext?.capabilities)),
        ...broken('writes to its root', securityContext?.readOnlyRootFilesystem === true),
        ...broken(
          'undoes what the pod says',
          !securityContext?.runAsUser && !securityContext?.seccompProfile,
        ),
        ...broken('takes a port of the host', !ports?.some(({ hostPort }) => hostPort)),
      ]),
    ];
  }),

  'has no token for the API': forWorkloads(({ pod }, manifests) => {
    const account = ofKind<IServiceAccount>(manifests, 'ServiceAccount').find(
      ({ metadata }) => metadata?.name === pod.serviceAccountName,
    );
    if (account === undefined) return ['no account of its own'];
    return pod.automountServiceAccountToken === false && account.automountServiceAccountToken === false
      ? []
      : ['a token is mounted'];
  }),

  'is reached by, and reaches, only what is named': (manifests) => {
    const policies = ofKind<INetworkPolicy>(manifests, 'NetworkPolicy');
    const shut = policies.filter(
      ({ spec }) => isEmpty(spec?.podSelector) && isEmpty(spec?.ingress) && isEmpty(spec?.egress),
    );
    const open = policies
      .filter(({ spec }) =>
        [...(spec?.ingress ?? []), ...(spec?.egress ?? [])].some(
          (rule) => isEmpty(rule.ports) || isEmpty('from' in rule ? rule.from : 'to' in rule ? rule.to : []),
        ),
      )
      .map(({ metadata }) => `NetworkPolicy ${metadata?.name}: opens more than a port to somebody`);
    return [
      ...broken(
        'nothing is shut',
        shut.some(({ spec }) => spec?.policyTypes?.toSorted().join() === 'Egress,Ingress'),
      ),
      ...open,
      ...workloadsOf(manifests).flatMap(({ name, labels }) =>
        ['ingress', 'egress'].flatMap((way) => {
          const mine = policies.filter(
            ({ spec }) =>
              spec?.podSelector && !isEmpty(spec.podSelector) && selects(spec.podSelector, labels),
          );
          const named = mine.some(({ spec }) =>
            spec?.policyTypes?.some((type) => type.toLowerCase() === way),
          );
          return named ? [] : [`${name}: no policy of its own for ${way}`];
        }),
      ),
    ];
  },

  'lets only nodes reach Redis': (manifests) =>
    ofKind<INetworkPolicy>(manifests, 'NetworkPolicy')
      .filter(({ spec }) => spec?.podSelector && spec.podSelector.matchLabels?.[NAME] === 'redis')
      .flatMap(({ spec }) => spec?.ingress ?? [])
      .flatMap(({ from }) => from ?? [])
      .filter(
        (peer) =>
          peer.namespaceSelector || peer.ipBlock || peer.podSelector?.matchLabels?.[NAME] !== 'beeline',
      )
      .map((peer) => `Redis is open to ${JSON.stringify(peer)}`),

  'has its settings in a ConfigMap, every one a setting there is': (manifests) =>
    nodesOf(manifests).flatMap(({ name, containers }) =>
      containers.flatMap((container) => {
        const variables = Object.values(SETTINGS).map(({ variable }) => variable as string);
        const unknown = Object.keys(settingsOf(container, manifests)).filter(
          (key) => !variables.includes(key),
        );
        return unknown.map((key) => `${name}: no setting is called ${key}`);
      }),
    ),

  'has its secrets in a Secret, and none in what is kept in git': (manifests) => [
    ...ofKind(manifests, 'Secret').map(({ metadata }) => `the Secret ${metadata.name} is in git`),
    ...workloadsOf(manifests).flatMap(({ name, containers }) =>
      containers
        .flatMap(({ env }) => env ?? [])
        .filter(({ name: variable }) => /SECRET|PASSWORD|AUTH|REDIS_URL/.test(variable))
        .filter(({ value, valueFrom }) => !valueFrom?.secretKeyRef && !value?.includes('$('))
        .map(({ name: variable }) => `${name}: ${variable} is written out`),
    ),
  ],

  'names variables only after they were set': forContainers(({ env = [] }) =>
    env.flatMap(({ name, value = '' }, i) =>
      [...value.matchAll(/\$\((\w+)\)/g)]
        .filter(([, named]) => !env.slice(0, i).some((earlier) => earlier.name === named))
        .map(([, named]) => `${name} names ${named}, which is not set before it`),
    ),
  ),

  'calls nodes as their pods, and has a key for tokens': forContainers(({ env }, { isNode }) => {
    if (!isNode) return [];
    const find = (name: string): boolean => env?.some((variable) => variable.name === name) ?? false;
    const nodeName = env?.find(({ name }) => name === 'NODE_NAME')?.valueFrom?.fieldRef?.fieldPath;
    return [
      ...broken('NODE_NAME is not the pod', nodeName === 'metadata.name'),
      ...broken('no AUTH_SECRET', find('AUTH_SECRET')),
    ];
  }),

  'is rolled with one more, never with one fewer': forWorkloads(({ kind, object }) => {
    if (kind !== 'Deployment') return [];
    const { maxSurge, maxUnavailable } = object.spec?.strategy?.rollingUpdate ?? {};
    return maxSurge === 1 && maxUnavailable === 0 ? [] : ['rolled otherwise'];
  }),

  'sticks to no node': (manifests) => [
    ...ofKind<IService>(manifests, 'Service')
      .filter(({ spec }) => (spec?.sessionAffinity ?? 'None') !== 'None')
      .map(({ metadata }) => `Service ${metadata?.name} sticks`),
    ...manifests
      .filter(({ kind }) => kind === 'Ingress' || kind === 'HTTPRoute')
      .filter((route) =>
        /affinity|sticky|cookie|sessionPersistence|hash-by|load-balance/i.test(JSON.stringify(route)),
      )
      .map(({ kind, metadata }) => `${kind} ${metadata.name} sticks`),
  ],

  'leaves WebSockets their time': (manifests) =>
    ofKind<IIngress>(manifests, 'Ingress').flatMap(({ metadata }) => {
      const timeouts = Object.entries(metadata?.annotations ?? {}).filter(([key]) => key.includes('timeout'));
      const short = timeouts.filter(([, value]) => value !== '1h' && Number(value) < 60);
      return [
        ...broken('no time-outs for WebSockets', timeouts.length > 0),
        ...short.map(([key]) => `${key} is shorter than a ping and its answer`),
      ];
    }),

  'shows clients what is for clients': (manifests) =>
    manifests
      .filter(({ kind }) => kind === 'Ingress' || kind === 'HTTPRoute')
      .flatMap((route) => {
        const paths = [...JSON.stringify(route).matchAll(/"(?:path|value)":"(\/[^"]*)"/g)].map(([, path]) =>
          String(path),
        );
        const wanted = ['/auth', '/blocks', '/inbox', '/messages', '/presence', '/socket.io'];
        return paths.toSorted().join() === wanted.join() ? [] : [`${route.kind} shows ${paths.join()}`];
      }),

  'is where Pod Security is enforced': (manifests) =>
    ofKind(manifests, 'Namespace')
      .filter(({ metadata }) => metadata.labels?.['pod-security.kubernetes.io/enforce'] !== 'restricted')
      .map(({ metadata }) => `the namespace ${metadata.name} enforces nothing`),

  'is in one namespace': (manifests) => {
    const own = manifests
      .filter(({ kind }) => kind !== 'Namespace')
      .map(({ metadata }) => metadata.namespace);
    return new Set(own).size === 1 && own[0] ? [] : [`in ${[...new Set(own)].join()}`];
  },

  'runs images of a named version': forContainers(({ image = '' }) =>
    /:[^/]+$/.test(image) && !image.endsWith(':latest') ? [] : [`${image} has no version`],
  ),

  'is found by what names it': (manifests) => [
    ...ofKind<IService>(manifests, 'Service').flatMap(({ metadata, spec }) => {
      const found = workloadsOf(manifests).filter(({ labels }) =>
        selects({ matchLabels: spec?.selector }, labels),
      );
      const ports = found.flatMap(({ containers }) =>
        containers.flatMap((container) => container.ports ?? []),
      );
      return (spec?.ports ?? [])
        .filter(({ targetPort }) => !ports.some(({ name }) => name === targetPort))
        .map(({ targetPort }) => `Service ${metadata?.name}: no pod has the port ${targetPort}`);
    }),
    ...ofKind<IHorizontalPodAutoscaler>(manifests, 'HorizontalPodAutoscaler').flatMap(({ spec }) => {
      const scaled = workloadsOf(manifests).find(
        ({ name }) => name === `Deployment ${spec?.scaleTargetRef.name}`,
      );
      return broken(
        'the autoscaler and the Deployment both say how many',
        scaled !== undefined && scaled.object.spec?.replicas === undefined,
      );
    }),
  ],

  'scales down slowly': (manifests) =>
    ofKind<IHorizontalPodAutoscaler>(manifests, 'HorizontalPodAutoscaler').flatMap(({ spec }) => {
      const { stabilizationWindowSeconds = 0, policies = [] } = spec?.behavior?.scaleDown ?? {};
      const isSlow = policies.every(
        ({ type, value, periodSeconds }) => type === 'Pods' && value === 1 && periodSeconds >= 300,
      );
      return broken('scales down fast', stabilizationWindowSeconds >= 600 && policies.length > 0 && isSlow);
    }),
};

const NAME = 'app.kubernetes.io/name';

export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests
    .filter((manifest) => 'template' in ((manifest as IDeployment).spec ?? {}))
    .map((manifest) => {
      const object = manifest as IDeployment;
      const template = object.spec?.template;
      const pod = template?.spec as IPodSpec;
      return {
        name: `${manifest.kind} ${manifest.metadata.name}`,
        kind: manifest.kind,
        isNode: template?.metadata?.labels?.[NAME] === 'beeline',
        labels: template?.metadata?.labels ?? {},
        pod,
        containers: [...pod.containers, ...(pod.initContainers ?? [])],
        object,
      };
    });
}

function nodesOf(manifests: readonly Manifest[]): Workload[] {
  return workloadsOf(manifests).filter(({ isNode }) => isNode);
}

function ofKind<T = Manifest>(manifests: readonly Manifest[], kind: string): T[] {
  return manifests.filter((manifest) => manifest.kind === kind) as T[];
}

function forWorkloads(check: (workload: Workload, manifests: readonly Manifest[]) => string[]): Rule {
  return (manifests) =>
    workloadsOf(manifests).flatMap((workload) =>
      check(workload, manifests).map((fault) => `${workload.name}: ${fault}`),
    );
}

function forContainers(
  check: (container: IContainer, workload: Workload, manifests: readonly Manifest[]) => string[],
): Rule {
  return forWorkloads((workload, manifests) =>
    workload.containers.flatMap((container) => check(container, workload, manifests)),
  );
}

function broken(fault: string, holds: boolean): string[] {
  return holds ? [] : [fault];
}

function isEmpty(value: object | undefined): boolean {
  return value === undefined || Object.keys(value).length === 0;
}

function selects(selector: Selector, labels: Labels): boolean {
  return Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}

function hasPort({ ports }: IContainer, { httpGet }: IProbe): boolean {
  return ports?.some(({ name }) => name === httpGet?.port) ?? false;
}

function isWithoutCapabilities(capabilities: { add?: string[]; drop?: string[] } | undefined): boolean {
  return capabilities?.drop?.join() === 'ALL' && isEmpty(capabilities.add);
}

/** What the ConfigMaps say that a container takes its environment from; nothing where one is not there. */
function settingsOf({ envFrom }: IContainer, manifests: readonly Manifest[]): Record<string, string> {
  const names = envFrom?.map(({ configMapRef }) => configMapRef?.name) ?? [];
  const maps = ofKind<IConfigMap>(manifests, 'ConfigMap').filter(({ metadata }) =>
    names.includes(metadata?.name),
  );
  return Object.assign({}, ...maps.map(({ data }) => data)) as Record<string, string>;
}

/** What a program has been told to keep within: the heap of Node, or Redis's `maxmemory`. */
function ownLimitBytes(container: IContainer, manifests: readonly Manifest[]): number | undefined {
  const options = container.env?.find(({ name }) => name === 'NODE_OPTIONS')?.value ?? '';
  const heap = /--max-old-space-size=(\d+)/.exec(options)?.[1];
  if (heap !== undefined) return bytesOf(`${heap}Mi`);
  if (container.name !== 'redis') return undefined;
  const files = ofKind<IConfigMap>(manifests, 'ConfigMap').map(({ data }) => data?.['redis.conf'] ?? '');
  const maxMemory = /^maxmemory (\d+)mb$/m.exec(files.join('\n'))?.[1];
  return maxMemory === undefined ? undefined : bytesOf(`${maxMemory}Mi`);
}

const UNITS: Record<string, number> = { Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 };

function bytesOf(quantity: string): number {
  const [, amount, unit = ''] = /^(\d+)(Ki|Mi|Gi)$/.exec(quantity) ?? [];
  return Number(amount) * (UNITS[unit] ?? Number.NaN);
}
