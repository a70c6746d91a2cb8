import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An event at which a version of a projection stopped. */
@Entity({ name: 'parked_events', withoutRowid: true })
export class ParkedEventEntity {
  @PrimaryColumn({ type: 'text' })
  projection!: string;

  @PrimaryColumn({ type: 'integer' })
  version!: number;

  @PrimaryColumn({ type: 'integer' })
  position!: number;

  @Column({ name: 'event_id', type: 'text' })
  eventId!: string;

  @Column({ type: 'text' })
  type!: string;

  @Column({ type: 'text' })
  error!: string;

  /** Milliseconds since the epoch. */
  @Column({ name: 'parked_at_ms', type: 'integer' })
  parkedAtMs!: number;

  /** When somebody decided to go on without it; null: the projection waits. */
  @Column({ name: 'skipped_at_ms', type: 'integer', nullable: true })
  skippedAtMs!: number | null;
}
