/**
 * The alerts of one rule and how they change state: pending until the condition has held for `for`, firing until it
 * ends and `keep_firing_for` is over, then resolved and remembered for a while. Whoever evaluates the rule calls `hold`
 * for every series of the result and then `advance`, once for each time, in order of time.
 */
import type { Labels } from '../model/labels.ts';
import type { Alert, AlertState, Annotations } from './alert.ts';

/** How long a resolved alert is remembered, so that its end can be told. */
const RESOLVED_RETENTION_MS = 15 * 60_000;

/** What identifies an alert, kept by who has it held again and again. */
export interface AlertSlot {
  readonly labels: Labels;
  /** The text of the labels. */
  readonly key: string;
  alert: Alert | null;
}

export class ActiveAlerts {
  private readonly forMs: number;
  private readonly keepFiringForMs: number;
  private readonly byKey = new Map<string, Alert>();
  private readonly current: Alert[] = [];
  /** Told of every change of state; `from` is null for an alert that is new. */
  onChange: ((alert: Alert, from: AlertState | null, t: number) => void) | null = null;

  constructor(forMs: number, keepFiringForMs: number) {
    this.forMs = forMs;
    this.keepFiringForMs = keepFiringForMs;
  }

  /** Pending, firing and lately resolved ones. */
  all(): readonly Alert[] {
    return [...this.byKey.values()];
  }

  get size(): number {
    return this.byKey.size;
  }

  slot(labels: Labels): AlertSlot {
    const key = labels.toString();
    return { labels, key, alert: this.byKey.get(key) ?? null };
  }

  /** Puts an alert back as it was known to be. */
  put(alert: Alert): void {
    this.byKey.set(alert.labels.toString(), alert);
  }

  /**
   * Makes those that there are what they are known to be, and no others. Since when a condition holds no longer, which
   * nobody else knows, stays as it is.
   */
  correct(known: readonly Alert[]): void {
    const expected = new Map(known.map((alert) => [alert.labels.toString(), alert]));
    for (const [key, alert] of this.byKey) {
      if (expected.has(key)) continue;
      // Slots may still know it.
      alert.state = 'inactive';
      this.byKey.delete(key);
    }
    for (const [key, alert] of expected) {
      const there = this.byKey.get(key);
      if (there === undefined) this.byKey.set(key, alert);
      else {
        const { state, activeAt, firedAt } = alert;
        const keepFiringSince = there.state === 'inactive' ? undefined : there.keepFiringSince;
        Object.assign(there, { state, activeAt, firedAt, keepFiringSince, resolvedAt: undefined });
      }
    }
  }

  /** Forgets all of them, at `t` (ms): the rule could not be evaluated. */
  clear(t: number): void {
    // Slots may still know them.
    for (const alert of this.byKey.values()) if (alert.state !== 'inactive') this.set(alert, 'inactive', t);
    this.byKey.clear();
  }

  /** The condition holds at `t` (ms). False where it did so already for another series with these labels. */
  hold(slot: AlertSlot, value: number, annotations: Annotations, t: number): boolean {
    let { alert } = slot;
    if (alert !== null && alert.heldAt === t) return false;
    if (alert === null || alert.state === 'inactive') {
      alert = newAlert(slot.labels, value, annotations, t);
      slot.alert = alert;
      this.byKey.set(slot.key, alert);
      this.onChange?.(alert, null, t);
      return true;
    }
    alert.value = value;
    alert.annotations = annotations;
    alert.heldAt = t;
    return true;
  }

  /** The next state of every alert; returns those that are pending or firing, in an array that is used again. */
  advance(t: number): readonly Alert[] {
    const { current } = this;
    current.length = 0;
    for (const [key, alert] of this.byKey) {
      if (alert.heldAt === t) alert.keepFiringSince = undefined;
      else if (!this.outlasts(alert, key, t)) continue;
      if (alert.state === 'pending' && t - alert.activeAt >= this.forMs) {
        alert.firedAt = t;
        this.set(alert, 'firing', t);
      }
      current.push(alert);
    }
    return current;
  }

  /** Whether an alert goes on though its condition does not hold; where not, it ends. */
  private outlasts(alert: Alert, key: string, t: number): boolean {
    if (alert.state === 'firing' && this.keepFiringForMs > 0) {
      alert.keepFiringSince ??= t;
      if (t - alert.keepFiringSince < this.keepFiringForMs) return true;
    }
    const old = alert.resolvedAt !== undefined && t - alert.resolvedAt > RESOLVED_RETENTION_MS;
    if (alert.state === 'pending' || old) this.byKey.delete(key);
    if (alert.state !== 'inactive') {
      alert.resolvedAt = t;
      this.set(alert, 'inactive', t);
    }
    return false;
  }

  private set(alert: Alert, state: AlertState, t: number): void {
    const from = alert.state;
    alert.state = state;
    this.onChange?.(alert, from, t);
  }
}

/** One that has just become active. */
export function newAlert(labels: Labels, value: number, annotations: Annotations, t: number): Alert {
  return {
    state: 'pending',
    labels,
    annotations,
    value,
    activeAt: t,
    heldAt: t,
    firedAt: undefined,
    resolvedAt: undefined,
    keepFiringSince: undefined,
    lastSentAt: undefined,
    validUntil: undefined,
  };
}
