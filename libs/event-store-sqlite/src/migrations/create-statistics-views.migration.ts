import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The lowest version is the one in use: a newer one is still being built beside it. Key, then JSON
 * fields as columns, for people with a SQL prompt; the program reads the rows themselves.
 */
function view(name: string, projection: string, columns: readonly string[]): string {
  return `
    CREATE VIEW "${name}" AS
    SELECT ${columns.join(', ')}
    FROM "read_model_rows"
    WHERE "projection" = '${projection}'
      AND "version" = (SELECT min("version") FROM "projection_checkpoints" WHERE "projection" = '${projection}')`;
}

const field = (path: string, name: string): string => `json_extract("row", '$.${path}') AS "${name}"`;
const meanOf = (path: string, name: string): string =>
  `(SELECT avg("value") FROM json_each("row", '$.${path}.values')) AS "${name}"`;
const seenAt = (path: string, name: string): string =>
  `strftime('%Y-%m-%dT%H:%M:%SZ', json_extract("row", '$.${path}') / 1000, 'unixepoch') AS "${name}"`;

/** Views over the rows of the statistics projections. */
export class CreateStatisticsViews1795392000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      view('template_statistics', 'template-statistics', [
        field('templateId', 'template_id'),
        field('model', 'model'),
        field('requests', 'requests'),
        field('completions', 'completions'),
        meanOf('prompts', 'recent_prompt_tokens_mean'),
        meanOf('outputs', 'recent_output_tokens_mean'),
        seenAt('firstSeenMs', 'first_seen'),
        seenAt('lastSeenMs', 'last_seen'),
      ]),
    );
    await queryRunner.query(
      view('model_statistics', 'model-statistics', [
        field('model', 'model'),
        field('requests', 'requests'),
        field('completions', 'completions'),
        field('tainted', 'tainted'),
        field('reloads', 'reloads'),
        field('truncations', 'truncations'),
        `exp(json_extract("row", '$.calibration.mean')) AS "tokens_per_estimated_token"`,
        meanOf('outputs', 'recent_output_tokens_mean'),
        field('loadSeconds.mean', 'load_seconds_mean'),
        field('prefillRate.mean', 'prefill_tokens_per_second'),
        field('decodeRate.mean', 'decode_tokens_per_second'),
        `json_extract("row", '$.windows') AS "windows"`,
        seenAt('lastSeenMs', 'last_seen'),
      ]),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP VIEW "model_statistics"');
    await queryRunner.query('DROP VIEW "template_statistics"');
  }
}
