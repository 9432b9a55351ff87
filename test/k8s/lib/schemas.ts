import * as gateway from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import * as monitoring from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import * as apps from 'kubernetes-models/apps/v1';
import * as autoscaling from 'kubernetes-models/autoscaling/v2';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as policy from 'kubernetes-models/policy/v1';
import * as core from 'kubernetes-models/v1';
import type { Manifest } from './kustomize';

interface Model {
  validate(): void;
}

/** Kinds by the `apiVersion` under which they are written. */
const KINDS: Record<string, object> = {
  v1: core,
  'apps/v1': apps,
  'autoscaling/v2': autoscaling,
  'networking.k8s.io/v1': networking,
  'policy/v1': policy,
  'gateway.networking.k8s.io/v1': gateway,
  'monitoring.coreos.com/v1': monitoring,
};

/**
 * What is wrong with an object by the schema of its kind, unknown keys included. The schemas themselves let those
 * pass; but a validator reads every key that it knows, so a key that it has never read is one that it does not know.
 */
export function faultsOf(manifest: Manifest): string[] {
  const { apiVersion, kind, metadata } = manifest;
  const prototype = prototypeOf(apiVersion, kind);
  if (prototype === undefined) return [`${apiVersion} ${kind}: no schema`];
  const unread: (() => string[])[] = [];
  const model: Model = watch(Object.assign(Object.create(prototype) as Model, manifest), '', unread);
  const faults: string[] = [];
  try {
    model.validate();
    faults.push(...unread.flatMap((find) => find()).map((path) => `unknown key ${path}`));
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
  return faults.map((fault) => `${kind} ${metadata.name}: ${fault}`);
}

function prototypeOf(apiVersion: string, kind: string): object | undefined {
  const kinds = KINDS[apiVersion] as Record<string, { prototype: object } | undefined> | undefined;
  return kinds?.[kind]?.prototype;
}

/** A view of a value that notes which keys are read; `unread` gets a way to ask for the others. */
function watch<T extends object>(value: T, path: string, unread: (() => string[])[]): T {
  const read = new Map<string, unknown>();
  unread.push(() =>
    Object.keys(value)
      .filter((key) => !read.has(key))
      .map((key) => `${path}/${key}`),
  );
  return new Proxy(value, {
    get(target, key) {
      const found: unknown = Reflect.get(target, key);
      if (typeof key !== 'string' || !Object.hasOwn(target, key)) return found;
      if (!read.has(key)) {
        const isObject = typeof found === 'object' && found !== null;
        read.set(key, isObject ? watch(found, `${path}/${key}`, unread) : found);
      }
      return read.get(key);
    },
  });
}
