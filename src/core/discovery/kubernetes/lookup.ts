/**
 * The copies of all objects that a role needs, and which groups were built from which: a change of a pod, a node or a
 * service leads to the groups that looked at it.
 */
import type { Kind, KubeObject, Node, Pod, Service } from './objects.ts';

export class Lookup {
  private readonly stores = new Map<Kind, Map<string, KubeObject>>();
  /** From `kind:key` of an object to the keys of the groups that asked for it. */
  private readonly askedBy = new Map<string, Set<string>>();
  private readonly asked = new Map<string, Set<string>>();
  private building = '';

  store(kind: Kind): Map<string, KubeObject> {
    let store = this.stores.get(kind);
    if (store === undefined) {
      store = new Map();
      this.stores.set(kind, store);
    }
    return store;
  }

  /** While `build` runs, whatever it looks up is noted as needed by the group `key`. */
  noting<T>(key: string, build: () => T): T {
    this.forget(key);
    this.building = key;
    return build();
  }

  forget(key: string): void {
    for (const object of this.asked.get(key) ?? []) {
      const groups = this.askedBy.get(object)!;
      groups.delete(key);
      if (groups.size === 0) this.askedBy.delete(object);
    }
    this.asked.delete(key);
  }

  /** Keys of the groups that looked at this object, or would have, had it been there. */
  dependents(kind: Kind, key: string): ReadonlySet<string> {
    return this.askedBy.get(`${kind}:${key}`) ?? new Set();
  }

  pod(namespace: string | undefined, name: string | undefined): Pod | undefined {
    return this.find('pod', `${namespace}/${name}`) as Pod | undefined;
  }

  service(namespace: string | undefined, name: string): Service | undefined {
    return this.find('service', `${namespace}/${name}`) as Service | undefined;
  }

  node(name: string): Node | undefined {
    return this.find('node', name) as Node | undefined;
  }

  namespace(name: string): KubeObject | undefined {
    return this.find('namespace', name);
  }

  replicaSet(namespace: string | undefined, name: string): KubeObject | undefined {
    return this.find('replicaset', `${namespace}/${name}`);
  }

  job(namespace: string | undefined, name: string): KubeObject | undefined {
    return this.find('job', `${namespace}/${name}`);
  }

  private find(kind: Kind, key: string): KubeObject | undefined {
    const object = `${kind}:${key}`;
    const { building } = this;
    let groups = this.askedBy.get(object);
    if (groups === undefined) this.askedBy.set(object, (groups = new Set()));
    groups.add(building);
    let objects = this.asked.get(building);
    if (objects === undefined) this.asked.set(building, (objects = new Set()));
    objects.add(object);
    return this.store(kind).get(key);
  }
}
