/** What the server wants people to see in the UI: that a reload failed, that it is starting. */
import type { Clock } from '../clock.ts';
import type { Registry } from '../instrument/index.ts';
import type { NotificationsView, ServerNotification } from './views.ts';

export class Notifications implements NotificationsView {
  private readonly clock: Clock;
  private readonly maxListeners: number;
  private readonly byText = new Map<string, ServerNotification>();
  private sent = 0;
  private readonly listeners = new Set<(notification: ServerNotification) => void>();

  /** `maxListeners` is `--web.max-notifications-subscribers`. */
  constructor(clock: Clock, maxListeners = 16) {
    this.clock = clock;
    this.maxListeners = maxListeners;
  }

  register(registry: Registry): void {
    const name = (suffix: string) => `prometheus_api_notification_${suffix}`;
    registry.reading(
      'gauge',
      name('active_subscribers'),
      'The current number of active notification subscribers.',
      () => this.listeners.size,
    );
    registry.reading(
      'counter',
      name('updates_sent_total'),
      'Total number of notification updates sent.',
      () => this.sent,
    );
    // Nobody is left out here: who does not read has his connection ended.
    registry.reading(
      'counter',
      name('updates_dropped_total'),
      'Total number of notification updates dropped.',
      () => 0,
    );
  }

  add(text: string): void {
    if (this.byText.has(text)) return;
    const notification = { text, date: this.clock.now(), active: true };
    this.byText.set(text, notification);
    this.tell(notification);
  }

  remove(text: string): void {
    const notification = this.byText.get(text);
    if (notification === undefined) return;
    this.byText.delete(text);
    this.tell({ ...notification, active: false });
  }

  active(): readonly ServerNotification[] {
    return [...this.byText.values()];
  }

  subscribe(listener: (notification: ServerNotification) => void): (() => void) | undefined {
    if (this.listeners.size >= this.maxListeners) return undefined;
    this.listeners.add(listener);
    for (const notification of this.byText.values()) listener(notification);
    return () => this.listeners.delete(listener);
  }

  private tell(notification: ServerNotification): void {
    for (const listener of this.listeners) {
      this.sent++;
      listener(notification);
    }
  }
}
