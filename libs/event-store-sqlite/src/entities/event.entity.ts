import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';

/**
 * One event of the log. AUTOINCREMENT, so that a position is never given out again even when the
 * newest events have been deleted: a checkpoint would take the new event for one it has seen.
 */
@Entity({ name: 'events' })
@Unique('UQ_events_id', ['id'])
@Unique('UQ_events_stream_version', ['stream', 'version'])
export class EventEntity {
  @PrimaryGeneratedColumn('increment', { type: 'integer' })
  position!: number;

  /** UUIDv7: time-ordered, so its index grows at one end. */
  @Column({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  stream!: string;

  @Column({ type: 'integer' })
  version!: number;

  @Column({ type: 'text' })
  type!: string;

  @Column({ name: 'schema_version', type: 'integer' })
  schemaVersion!: number;

  /** Milliseconds since the epoch. */
  @Column({ name: 'recorded_at_ms', type: 'integer' })
  recordedAtMs!: number;

  /** JSON. */
  @Column({ type: 'text' })
  data!: string;

  @Column({ name: 'correlation_id', type: 'text', nullable: true })
  correlationId!: string | null;

  @Column({ name: 'causation_id', type: 'text', nullable: true })
  causationId!: string | null;

  /** CRC-32; null for events written before there were checksums. */
  @Column({ type: 'integer', nullable: true })
  checksum!: number | null;
}
