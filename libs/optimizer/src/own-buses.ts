import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { OptimizeRequestHandler } from './commands/optimize-request.handler.js';
import { RecordCompletionHandler } from './commands/record-completion.handler.js';
import { RetryFailedLoadHandler } from './commands/retry-failed-load.handler.js';
import { RetryRefusedHandler } from './commands/retry-refused.handler.js';
import { GetSizingViewHandler } from './queries/get-sizing-view.handler.js';
import { Commands, Queries } from './rightsize.tokens.js';

const COMMAND_HANDLERS: readonly Type[] = [
  OptimizeRequestHandler,
  RecordCompletionHandler,
  RetryFailedLoadHandler,
  RetryRefusedHandler,
];
const QUERY_HANDLERS: readonly Type[] = [GetSizingViewHandler];

/**
 * Binds the handlers of one instance to buses of its own. On the application's buses the last instance
 * would get the commands of all, and the application's own publishers would see every request. So the
 * handlers are no providers: `CqrsModule` looks for handlers among all providers there are.
 */
@Injectable()
export class OwnBuses implements OnModuleInit {
  constructor(
    @Inject(ModuleRef) private readonly modules: ModuleRef,
    @Inject(Commands) private readonly commands: CommandBus,
    @Inject(Queries) private readonly queries: QueryBus,
  ) {}

  async onModuleInit(): Promise<void> {
    this.commands.register(await this.made(COMMAND_HANDLERS));
    this.queries.register(await this.made(QUERY_HANDLERS));
  }

  private async made<T extends object>(handlers: readonly Type[]): Promise<InstanceWrapper<T>[]> {
    const instances = await Promise.all(handlers.map((handler) => this.modules.create<T>(handler)));
    return instances.map(
      (instance, at) =>
        ({ instance, metatype: handlers[at], isDependencyTreeStatic: () => true }) as unknown as InstanceWrapper<T>,
    );
  }
}
