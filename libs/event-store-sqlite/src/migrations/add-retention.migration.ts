import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Checksums of events, parked events, and what is left of a log whose beginning was deleted. Events
 * written before have no checksum: one made now would only say that they are what they have become.
 */
export class AddRetention1795478400000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE "events" ADD COLUMN "checksum" integer');
    await queryRunner.query(`
      CREATE TABLE "parked_events" (
        "projection" text NOT NULL,
        "version" integer NOT NULL,
        "position" integer NOT NULL,
        "event_id" text NOT NULL,
        "type" text NOT NULL,
        "error" text NOT NULL,
        "parked_at_ms" integer NOT NULL,
        "skipped_at_ms" integer,
        PRIMARY KEY ("projection", "version", "position")
      ) WITHOUT ROWID`);
    await queryRunner.query(`
      CREATE TABLE "log_floor" (
        "id" integer PRIMARY KEY NOT NULL,
        "position" integer NOT NULL,
        "moved_at_ms" integer NOT NULL
      )`);
    await queryRunner.query(`
      CREATE TABLE "snapshot_rows" (
        "projection" text NOT NULL,
        "version" integer NOT NULL,
        "key" text NOT NULL,
        "row" text NOT NULL,
        PRIMARY KEY ("projection", "version", "key")
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const floor: unknown[] = await queryRunner.query('SELECT 1 FROM "log_floor" WHERE "position" > 0');
    if (floor.length > 0)
      throw new Error('the beginning of the log was deleted: without its snapshot nothing can be rebuilt');
    await queryRunner.query('DROP TABLE "snapshot_rows"');
    await queryRunner.query('DROP TABLE "log_floor"');
    await queryRunner.query('DROP TABLE "parked_events"');
    await queryRunner.query('ALTER TABLE "events" DROP COLUMN "checksum"');
  }
}
