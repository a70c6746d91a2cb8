import { Logger } from '@nestjs/common';
import type { Inspection, MemoryInsight, RightsizeService, Witness } from '@rightsize/optimizer';
import type { DomainEvent } from '@rightsize/optimizer-core';
import {
  ExchangeLines,
  OpenTelemetry,
  PrometheusMetrics,
  type Gauges,
  type MetricsOptions,
} from '@rightsize/telemetry';
import type { ProxyWatch, V1Plans } from '@rightsize/nest';

/** All that the gateway tells the outside of what happens in it. */
export class GatewayTelemetry implements Witness, ProxyWatch {
  readonly metrics: PrometheusMetrics;
  readonly #traces = new OpenTelemetry();
  readonly #lines = new ExchangeLines();
  readonly #logger = new Logger('Requests');

  constructor(options: MetricsOptions, service: RightsizeService, inspection: Inspection, plans: V1Plans) {
    this.metrics = new PrometheusMetrics(options, () => gauges(service, inspection, plans));
  }

  recorded(event: DomainEvent): void {
    this.metrics.see(event);
    this.#traces.see(event);
    const line = this.#lines.see(event);
    if (line) this.#logger.debug(line);
  }

  decided(seconds: number): void {
    this.metrics.decided(seconds);
  }

  failedOpen(): void {
    this.metrics.failedOpen();
  }

  sentUpstream(seconds: number): void {
    this.metrics.sentUpstream(seconds);
  }

  answered(route: string, status: number, seconds: number): void {
    this.metrics.answered(route, status, seconds);
  }
}

type Measured = NonNullable<Gauges['memory']>[number];

function memoryOf({ reading, inForce }: MemoryInsight): readonly Measured[] {
  return [
    ...figuresOf('host', reading?.host?.totalBytes, reading?.host?.availableBytes, inForce?.host?.availableBytes),
    ...figuresOf('gpu', reading?.gpu?.totalBytes, reading?.gpu?.freeBytes, inForce?.gpu?.availableBytes),
  ];
}

function figuresOf(pool: Measured['pool'], ...figures: readonly (number | null | undefined)[]): readonly Measured[] {
  const kinds = ['total', 'free', 'decided'] as const;
  return kinds.flatMap((kind, at) => (figures[at] == null ? [] : [{ pool, kind, bytes: figures[at] }]));
}

async function gauges(service: RightsizeService, inspection: Inspection, plans: V1Plans): Promise<Gauges> {
  const { status, log } = service.health();
  const { memory } = inspection;
  const loadAverage = memory.reading?.loadAverage ?? null;
  return {
    ready: status === 'ready',
    logPosition: log.position,
    queuedEvents: log.queued,
    projections: log.projections,
    storeBytes: await inspection.storeBytes(),
    memory: memoryOf(memory),
    ...(loadAverage === null ? {} : { loadAverage }),
    v1: plans.report(),
  };
}
