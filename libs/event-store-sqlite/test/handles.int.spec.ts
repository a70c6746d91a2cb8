import { openReader, openWriter } from '../src/handles.js';
import { ScratchFolder } from './scratch-folder.js';

let folder: ScratchFolder;
beforeAll(() => {
  folder = new ScratchFolder();
});
afterAll(() => folder.clean());

function pragmas(options: Parameters<typeof openWriter>[0]): Record<string, unknown> {
  const writer = openWriter(options);
  const names = [
    'journal_mode',
    'synchronous',
    'busy_timeout',
    'max_page_count',
    'journal_size_limit',
    'wal_autocheckpoint',
  ];
  const entries = names.map((name) => [name, writer.pragma(name, { simple: true })] as const);
  writer.close();
  return Object.fromEntries(entries);
}

describe('the writing handle', () => {
  it('writes ahead, flushes at checkpoints that are rare, waits little, and cuts its log back', () => {
    expect(pragmas({ file: folder.newFile() })).toMatchObject({
      journal_mode: 'wal',
      synchronous: 1,
      busy_timeout: 10,
      journal_size_limit: 67_108_864,
      wal_autocheckpoint: 16_000,
    });
  });

  it('flushes at every commit when synchronous is full', () => {
    expect(pragmas({ file: folder.newFile(), synchronous: 'full' })).toMatchObject({ synchronous: 2 });
  });

  it('does not let the file grow beyond its limit', () => {
    expect(pragmas({ file: folder.newFile(), maxFileBytes: 1_000_000 })).toMatchObject({ max_page_count: 244 });
  });
});

describe('the reading handle', () => {
  it('cannot write', () => {
    const file = folder.newFile();
    openWriter({ file }).close();
    const reader = openReader(file);

    expect(() => reader.exec('CREATE TABLE t (a)')).toThrow(/readonly/);
    reader.close();
  });
});
