import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The log, checkpoints and rows. The class name is what the database remembers: never rename it. */
export class CreateEventLog1795392000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "events" (
        "position" integer PRIMARY KEY AUTOINCREMENT NOT NULL,
        "id" text NOT NULL,
        "stream" text NOT NULL,
        "version" integer NOT NULL,
        "type" text NOT NULL,
        "schema_version" integer NOT NULL,
        "recorded_at_ms" integer NOT NULL,
        "data" text NOT NULL,
        "correlation_id" text,
        "causation_id" text,
        CONSTRAINT "UQ_events_id" UNIQUE ("id"),
        CONSTRAINT "UQ_events_stream_version" UNIQUE ("stream", "version")
      )`);
    await queryRunner.query(`
      CREATE TABLE "projection_checkpoints" (
        "projection" text NOT NULL,
        "version" integer NOT NULL,
        "position" integer NOT NULL,
        PRIMARY KEY ("projection", "version")
      ) WITHOUT ROWID`);
    await queryRunner.query(`
      CREATE TABLE "read_model_rows" (
        "projection" text NOT NULL,
        "version" integer NOT NULL,
        "key" text NOT NULL,
        "row" text NOT NULL,
        PRIMARY KEY ("projection", "version", "key")
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE "read_model_rows"');
    await queryRunner.query('DROP TABLE "projection_checkpoints"');
    await queryRunner.query('DROP TABLE "events"');
  }
}
