import { NodeTable } from '../src/templates/node-table.js';

describe('a table of nodes', () => {
  it('remembers who passed last', () => {
    const table = new NodeTable(4096);
    table.set(7, 1);
    table.set(7, 2);
    expect(table.get(7)).toBe(2);
    expect(table.get(8)).toBe(0);
    expect(table.size).toBe(1);
  });

  it('grows up to its capacity and no further, forgetting what was unused for longest', () => {
    const table = new NodeTable(8192);
    for (let key = 1; key <= 100_000; key++) table.set(key, key);
    expect(table.size).toBeLessThanOrEqual(8192);
    expect(table.get(100_000)).toBe(100_000);
    expect(table.get(1)).toBe(0);
  });

  it('loses nothing when it grows', () => {
    const table = new NodeTable(65_536);
    for (let key = 1; key <= 10_000; key++) table.set(key, key);
    for (let key = 1; key <= 10_000; key++) expect(table.get(key)).toBe(key);
  });

  it('keeps eight of the keys that fall into one place, however many there are', () => {
    const table = new NodeTable(4096);
    for (let i = 1; i <= 10_000; i++) table.set(i * 2 ** 20, i);
    expect(table.size).toBe(8);
    expect(table.get(10_000 * 2 ** 20)).toBe(10_000);
  });
});
