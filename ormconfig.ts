import { rightsizeDataSourceOptions } from '@rightsize/event-store-sqlite';
import { DataSource } from 'typeorm';

/** What TypeORM's command line works on: the file named by RIGHTSIZE_DB, rightsize.sqlite when it is not set. */
export const dataSource = new DataSource(rightsizeDataSourceOptions(process.env['RIGHTSIZE_DB'] ?? 'rightsize.sqlite'));
