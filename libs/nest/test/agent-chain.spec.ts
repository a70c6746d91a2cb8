import { Logger } from '@nestjs/common';
import type { OptimizeInput, RightsizeDoor } from '@rightsize/optimizer';
import { AgentChain, AgentDoor, BaseAgent, type AgentContext } from '../src/index.js';

beforeAll(() => Logger.overrideLogger(false));

const INPUT: OptimizeInput = { route: 'chat', body: Buffer.from('{"model":"m"}'), client: 'c', skip: false };

/** An optimizer that only notes what it is asked. */
function doorTo(asked: OptimizeInput[]): RightsizeDoor {
  return {
    optimize: (input) => {
      asked.push(input);
      const observer = { head: () => undefined, chunk: () => undefined, end: () => undefined };
      return Promise.resolve({ requestId: '1', body: input.body, headers: { 'x-a': '1' }, observer, reconsider: null });
    },
    server: { name: 'Ollama', windows: 'per-request', dialect: 'native', statusPath: '/api/ps' },
    identify: () => null,
    noticeForeign: () => undefined,
    health: () => ({ status: 'ready', reasons: [], mode: 'off', log: { position: 7 } }) as never,
    decisions: () => [],
  };
}

class Adds extends BaseAgent {
  readonly seen: string[] = [];

  constructor(
    readonly name: string,
    override readonly priority: number,
    private readonly act: (context: AgentContext) => Promise<void> | void = () => undefined,
  ) {
    super();
  }

  override onRequest(context: AgentContext): Promise<void> | void {
    context.body = Buffer.concat([context.body, Buffer.from(` ${this.name}`)]);
    return this.act(context);
  }

  override onChunk(chunk: Buffer): void {
    this.seen.push(chunk.toString());
  }

  override onResponse(_context: AgentContext, { status, end }: { status: number; end: string }): void {
    this.seen.push(`${status} ${end}`);
  }
}

function through(agents: readonly BaseAgent[], options = {}) {
  const asked: OptimizeInput[] = [];
  const chain = new AgentChain({ timeoutMs: 20, ...options });
  for (const agent of agents) chain.register(agent);
  return { asked, chain, door: new AgentDoor(doorTo(asked), chain, 'always') };
}

describe('the chain of agents', () => {
  it('asks them by priority, the optimizer last, and shows them the answer', async () => {
    const [b, a] = [new Adds('b', 1), new Adds('a', 5)];
    const { asked, door, chain } = through([b, a]);
    const { observer, body } = await door.optimize(INPUT);
    expect(asked.map((input) => input.body.toString())).toEqual(['{"model":"m"} a b']);
    expect(body.toString()).toBe('{"model":"m"} a b');
    observer.head(200, null);
    observer.chunk(Buffer.from('x'));
    observer.end('complete');
    await new Promise((resolve) => setImmediate(resolve));
    expect([a.seen, b.seen]).toEqual([
      ['x', '200 complete'],
      ['x', '200 complete'],
    ]);
    expect(chain.counts).toMatchObject([
      { name: 'b', handled: 1 },
      { name: 'a', handled: 1 },
    ]);
  });

  it('skips one that fails or takes too long, without what it did to the request, and counts it', async () => {
    const fails = new Adds('fails', 3, () => Promise.reject(new Error('broken')));
    const late = new Adds('late', 2, () => new Promise(() => undefined));
    const { asked, chain, door } = through([fails, late, new Adds('good', 1)]);
    await door.optimize(INPUT);
    expect(asked[0]!.body.toString()).toBe('{"model":"m"} good');
    expect(chain.counts).toEqual([
      { name: 'fails', handled: 0, failed: 1, late: 0 },
      { name: 'late', handled: 0, failed: 0, late: 1 },
      { name: 'good', handled: 1, failed: 0, late: 0 },
    ]);
  });

  it('leaves out who does not want the request, and who is disabled', async () => {
    class Unwilling extends Adds {
      override canHandle(): boolean {
        return false;
      }
    }
    const { asked, door } = through([new Unwilling('u', 1), new Adds('d', 1)], { disabled: ['d'] });
    await door.optimize(INPUT);
    expect(asked[0]!.body).toEqual(INPUT.body);
  });

  it('asks neither the optimizer nor the others when one has the answer', async () => {
    const replies = new Adds('replies', 2, (context) => void (context.reply = 'no'));
    const { asked, door, chain } = through([replies, new Adds('other', 1)]);
    expect(await door.optimize(INPUT)).toMatchObject({ reply: 'no', reconsider: null });
    expect(asked).toEqual([]);
    expect(chain.counts[1]).toMatchObject({ name: 'other', handled: 0 });
  });

  it('is not in the way when there is no agent and no command: the optimizer gets the very request', async () => {
    const { asked, door } = through([]);
    const direct = door.optimize(INPUT);
    expect(asked[0]).toBe(INPUT);
    await direct;
  });

  it('refuses two of one name', () => {
    expect(() => through([new Adds('a', 1), new Adds('a', 2)])).toThrow('two agents with the name "a"');
  });
});

describe('the optimizer agent', () => {
  const say = (content: string): OptimizeInput => ({
    ...INPUT,
    body: Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] })),
  });
  const contentOf = ({ body }: OptimizeInput) =>
    (JSON.parse(body.toString()) as { messages: { content: string }[] }).messages[0]!.content;

  it.each([
    ['always', 'hello', { skip: false }, 'hello'],
    ['always', '/opt hello', { skip: false, force: true }, 'hello'],
    ['always', '/opt off hello', { skip: true }, 'hello'],
    ['always', 'see /opt off', { skip: false }, 'see /opt off'],
    ['slash', 'hello', { skip: true }, 'hello'],
    ['slash', '/opt hello', { skip: false, force: true }, 'hello'],
    ['off', '/opt hello', { skip: true }, '/opt hello'],
  ] as const)('in mode %s makes of "%s" %j', async (mode, content, expected, text) => {
    const asked: OptimizeInput[] = [];
    await new AgentDoor(doorTo(asked), new AgentChain(), mode).optimize(say(content));
    const { skip, force } = asked[0]!;
    expect({ skip, ...(force === undefined ? {} : { force }) }).toEqual(expected);
    expect(contentOf(asked[0]!)).toBe(text);
  });

  it('answers /opt status and /opt explain itself, and explains a decision beside its answer', async () => {
    const asked: OptimizeInput[] = [];
    const door = new AgentDoor(doorTo(asked), new AgentChain(), 'slash');
    expect((await door.optimize(say('/opt status'))).reply).toContain('Rightsize is ready, mode off; 7 events');
    expect((await door.optimize(say('/opt explain'))).reply).toBe('Nothing was decided for this client yet.');
    expect(asked).toEqual([]);
    expect((await door.optimize(say('/opt explain hello'))).headers).toHaveProperty('x-rightsize-explain');
    expect(contentOf(asked[0]!)).toBe('hello');
  });
});
