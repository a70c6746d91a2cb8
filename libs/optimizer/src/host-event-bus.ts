import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { EventBus } from '@nestjs/cqrs';

/**
 * The application's own event bus, for its `@EventsHandler`s; where it has no `CqrsModule`, nobody listens. That
 * module is not imported here: beside one made with `forRoot` it would be a second one, with buses of its own.
 */
@Injectable()
export class HostEventBus {
  /** Undefined: not looked for yet. Looking in vain costs an exception. */
  #bus: EventBus | null | undefined;

  constructor(@Inject(ModuleRef) private readonly modules: ModuleRef) {}

  /** Never throws: the application may have a publisher of its own, and what that does is no failure of the log. */
  publish(notification: object): void {
    if (this.#bus === undefined) this.#bus = this.find();
    const bus = this.#bus;
    if (bus === null) return;
    try {
      Promise.resolve(bus.publish(notification) as unknown).catch(() => undefined);
    } catch {
      // The log has it.
    }
  }

  private find(): EventBus | null {
    try {
      return this.modules.get(EventBus, { strict: false });
    } catch {
      return null;
    }
  }
}
