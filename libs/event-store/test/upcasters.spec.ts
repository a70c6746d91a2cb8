import { SchemaVersionError, UnknownEventTypeError, Upcasters, type RecordedEvent } from '@rightsize/event-store';
import { sampleEvent } from './sample-events.js';

const recorded = (schemaVersion: number, data: unknown): RecordedEvent => ({
  ...sampleEvent({ schemaVersion, data }),
  position: 12,
  stream: 'a',
  version: 3,
  recordedAtMs: 1,
});

describe('upcasters', () => {
  const append = (letter: string) => (data: unknown) => `${String(data)}${letter}`;
  const upcasters = new Upcasters({ sample: [append('b'), append('c')] });

  it.each([
    [1, 'abc'],
    [2, 'ac'],
    [3, 'a'],
  ])('take version %i through every later step, in order', (from, data) => {
    expect(upcasters.upcast(recorded(from, 'a'))).toMatchObject({ schemaVersion: 3, data, position: 12 });
  });

  it('leave the stored event as it is', () => {
    const event = recorded(1, 'a');
    upcasters.upcast(event);

    expect(event).toMatchObject({ schemaVersion: 1, data: 'a' });
  });

  it('name event, position and known versions when a version is from the future or none', () => {
    expect(() => upcasters.upcast(recorded(4, 'a'))).toThrow(SchemaVersionError);
    expect(() => upcasters.upcast(recorded(4, 'a'))).toThrow(
      /at position 12: sample has schema version 4, known are 1 to 3 \(written by a newer Rightsize; upgrade this one\)/,
    );
    expect(() => upcasters.upcast(recorded(0, 'a'))).toThrow(/not a version/);
    expect(() => upcasters.upcast(recorded(1.5, 'a'))).toThrow(SchemaVersionError);
  });

  it('refuse a type they do not know, since a projection that folds it cannot know what it reads', () => {
    const event = { ...recorded(9, 'a'), type: 'unknown' };

    expect(() => upcasters.upcast(event)).toThrow(UnknownEventTypeError);
    expect(() => upcasters.upcast(event)).toThrow(/at position 12: the type unknown is unknown .*upgrade/);
    expect([upcasters.currentVersion('sample'), upcasters.currentVersion('unknown')]).toEqual([3, undefined]);
  });

  it('pass every event as it was stored where no type is registered', () => {
    const event = { ...recorded(9, 'a'), type: 'unknown' };

    expect(new Upcasters().upcast(event)).toBe(event);
  });
});
