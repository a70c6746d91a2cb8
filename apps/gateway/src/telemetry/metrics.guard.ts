import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { AdminGuard } from '@rightsize/optimizer-admin';
import { GatewayOptions } from '../gateway-options.js';

/** Metrics tell names of models and clients: like the admin API they are closed, unless `metrics.open` opens them. */
@Injectable()
export class MetricsGuard implements CanActivate {
  constructor(
    @Inject(GatewayOptions) private readonly options: GatewayOptions,
    @Inject(AdminGuard) private readonly admin: AdminGuard,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    return this.options.metrics.open || this.admin.canActivate(context);
  }
}
