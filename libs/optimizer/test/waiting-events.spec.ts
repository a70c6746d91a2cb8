import { WaitingEvents, type WaitingEvent } from '../src/waiting-events.js';

const LIMITS = { sampleFrom: 4, sample: 3, capacity: 12 };

let serial = 0;

function waiting(type: string): WaitingEvent {
  serial += 1;
  return { stream: 's', event: { id: `e${serial}`, type, schemaVersion: 1, data: {}, metadata: {} } };
}

const decision = (): WaitingEvent => waiting('request.optimized');
const completion = (): WaitingEvent => waiting('request.completed');
const many = (count: number, make: () => WaitingEvent): readonly WaitingEvent[] => Array.from({ length: count }, make);
const typesOf = (events: readonly WaitingEvent[]): string => events.map(({ event }) => event.type.at(8)!).join('');

describe('events that wait for the log', () => {
  let events: WaitingEvents;
  beforeEach(() => {
    events = new WaitingEvents(LIMITS);
  });
  const push = (all: readonly WaitingEvent[]): void => all.forEach((one) => events.push(one));

  it('are handed out in the order in which they came', () => {
    const all = [decision(), completion(), decision()];
    push(all);

    expect([...events.take(2), ...events.take(2)]).toEqual(all);
    expect(events.length).toBe(0);
  });

  it('give up two of three decisions, and no completion, when many wait', () => {
    push(many(4, completion));
    for (let i = 0; i < 6; i += 1) push([decision(), ...(i < 2 ? [completion()] : [])]);

    expect(typesOf(events.take(99))).toBe('ccccccoo');
    expect([events.droppedDecisions, events.lost]).toEqual([4, 0]);
  });

  it('take every decision again once the queue is short', () => {
    push(many(5, completion));
    push(many(3, decision));
    events.take(5);
    push(many(2, decision));

    expect(events.length).toBe(3);
    expect(events.droppedDecisions).toBe(2);
  });

  it('are bounded in the end, for all, and counted', () => {
    push(many(15, completion));

    expect(events.length).toBe(12);
    expect([events.droppedDecisions, events.lost]).toEqual([0, 3]);
  });

  it('go back to the front when they could not be written, decisions only when there is room', () => {
    const refused = [decision(), completion()];
    push([completion()]);
    events.putBack(refused);
    expect(typesOf(events.take(9))).toBe('occ');

    push(many(4, completion));
    events.putBack(refused);
    expect(typesOf(events.take(9))).toBe('ccccc');
    expect(events.droppedDecisions).toBe(1);
  });
});
