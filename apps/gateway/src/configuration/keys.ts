import {
  httpOrigin,
  key,
  listOf,
  numeric,
  oneOf,
  optional,
  text,
  yesOrNo,
  wholeNumber,
  type Values,
} from '@rightsize/configuration';
import { clientWindowRule } from './client-window.kind.js';
import { timeOfDay } from './time-of-day.kind.js';
import { v1Rule } from './v1-mode.kind.js';

/**
 * Every setting of the gateway. A new one is an entry here, its way into the options in
 * `options-of.ts`, and a test of its effect in `test/settings-take-effect.e2e-spec.ts`, which does not compile
 * without one; then `npm run docs:configuration`.
 */
export const KEYS = {
  upstream: key({
    kind: httpOrigin(),
    default: 'http://127.0.0.1:11434',
    description: 'The model server.',
  }),
  backend: key({
    kind: oneOf('auto', 'ollama', 'openai'),
    default: 'auto',
    description:
      "What the server is: `ollama`, or `openai` for llama.cpp's `llama-server` and others in OpenAI's dialect that are started with one window for all requests. There, requests pass as they came and are watched: what was cut or refused, and what window would have held it. `auto` asks the server.",
  }),
  'fixed-window': optional({
    kind: wholeNumber({ min: 1 }),
    unit: 'tokens',
    defaultInWords: 'as the server tells',
    description: 'Window of an `openai` server that does not tell it; llama-server and vLLM do.',
  }),
  host: key({ kind: text(), default: '127.0.0.1', description: 'Address to listen on.' }),
  port: key({
    kind: wholeNumber({ min: 0, max: 65_535 }),
    default: 11_435,
    description: 'Port to listen on; 0 takes any free one.',
  }),
  db: key({
    kind: text(),
    default: 'rightsize.sqlite',
    description: 'File of the event log; a key file is made beside it.',
  }),
  mode: key({
    kind: oneOf('active', 'shadow', 'off'),
    default: 'active',
    description:
      '`shadow` decides and records, but changes nothing; `off` passes through. A gateway that was started with nothing but `off` has no log, and takes a restart for another mode.',
    reloadable: true,
    scopes: ['model', 'client'],
  }),
  'memory-gib': optional({
    kind: numeric({ above: 0 }),
    unit: 'GiB',
    defaultInWords: 'as seen on the server and measured on its machine',
    description: "Memory that a model's weights and KV cache may take together.",
    reloadable: true,
    scopes: ['model'],
  }),
  'system-metrics': key({
    kind: oneOf('auto', 'on', 'off'),
    default: 'auto',
    description:
      'Whether free memory of this machine and its GPUs limits windows where `memory-gib` does not: `auto` (on Linux, when `upstream` is an address of loopback and processes of the server are to be seen), `on` (the server does run on this machine) or `off`.',
    reloadable: true,
  }),
  'system-metrics-seconds': key({
    kind: numeric({ above: 0 }),
    unit: 's',
    default: 10,
    description: 'Time between readings of it while there are requests, and five minutes after.',
    reloadable: true,
  }),
  'server-window': optional({
    kind: wholeNumber({ min: 4 }),
    unit: 'tokens',
    defaultInWords: '4096',
    description:
      "What the server gives a request that names no window: its `OLLAMA_CONTEXT_LENGTH`, else 32768 from 23 GiB of video memory on, 262144 from 47. What was saved is reckoned with it; a model's own `num_ctx` goes before it.",
  }),
  'kv-cache-type': key({
    kind: oneOf('f16', 'q8_0', 'q4_0'),
    default: 'f16',
    description: "The server's `OLLAMA_KV_CACHE_TYPE`; what is seen of the sizes of its runners goes before it.",
    reloadable: true,
  }),
  parallel: key({
    kind: numeric({ min: 1 }),
    default: 1,
    description: "The server's `OLLAMA_NUM_PARALLEL`: requests that a runner serves at once.",
    reloadable: true,
  }),
  'num-batch': key({
    kind: oneOf('server', 'learn'),
    default: 'server',
    description:
      'Who chooses `num_batch`. `learn` tries sizes when a load happens anyway, and keeps what reads prompts faster.',
  }),
  'client-window': key({
    kind: listOf(clientWindowRule),
    default: [],
    defaultInWords: '`hint`',
    description:
      "How a client's own `num_ctx` is read: `hint` (the need decides), `floor`, `exact`; for some models and clients `MODEL@CLIENT=RULE`, say `llama3*@editor=exact`. The first that fits counts.",
    reloadable: true,
    scopes: ['model', 'client'],
  }),
  v1: key({
    kind: listOf(v1Rule),
    default: [],
    defaultInWords: '`translate`',
    description:
      'How the `/v1` routes get their window: `translate` (to the native route and back), `alias` (a name of the model with the window baked in, made at the server and deleted at the end) or `pass` (not at all); for some routes `ROUTE=MODE`, say `messages=pass`. The last that fits counts.',
    reloadable: true,
    scopes: ['model', 'client'],
  }),
  commands: key({
    kind: oneOf('always', 'slash', 'off'),
    default: 'off',
    description:
      'Whether users can write `/opt`, `/opt off`, `/opt status` and `/opt explain` at the beginning of a message: `always` (and all requests are sized as ever), `slash` (and only those that ask for it are sized) or `off` (it is text like any other). In mode `off` nothing is sized but what asks for it.',
  }),
  'max-body-mib': key({
    kind: numeric({ above: 0 }),
    unit: 'MiB',
    default: 64,
    description: 'Largest body of an inference request; beyond it 413.',
    reloadable: true,
  }),
  'drain-seconds': key({
    kind: numeric({ above: 0 }),
    unit: 's',
    default: 10,
    description: 'Time that open streams get when the gateway stops.',
    reloadable: true,
  }),
  'connect-timeout-seconds': key({
    kind: numeric({ above: 0 }),
    unit: 's',
    default: 5,
    description: 'Time to reach the upstream. Answers have no limit.',
  }),
  'log-level': key({
    kind: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    default: 'info',
    description: 'The least severe message that is logged.',
    reloadable: true,
  }),
  'poll-ms': key({
    kind: numeric({ above: 0 }),
    unit: 'ms',
    default: 1000,
    description: 'Time between looks at `/api/ps` while there is traffic.',
    reloadable: true,
  }),
  'stale-ms': key({
    kind: numeric({ above: 0 }),
    unit: 'ms',
    default: 2500,
    description: 'Age beyond which what is known of the runner is looked up again before deciding.',
    reloadable: true,
  }),
  'look-ms': key({
    kind: numeric({ above: 0 }),
    unit: 'ms',
    default: 250,
    description: 'The longest a request waits for such a look.',
    reloadable: true,
  }),
  'hold-seconds': key({
    kind: numeric({ above: 0 }),
    unit: 's',
    default: 60,
    description: 'The longest a request is held back while others change the window of its model.',
    reloadable: true,
  }),
  'max-held': key({
    kind: wholeNumber({ min: 1 }),
    unit: 'requests',
    default: 512,
    description: 'Requests held back for one model; one more is answered 503, as Ollama does when it is busy.',
  }),
  'retain-days': optional({
    kind: numeric({ above: 0 }),
    unit: 'days',
    defaultInWords: 'for good',
    description:
      'Time for which events are kept; what older ones have taught stays. Looked at after the start and every hour.',
    reloadable: true,
  }),
  'retain-mib': optional({
    kind: numeric({ above: 0 }),
    unit: 'MiB',
    defaultInWords: 'no limit',
    description: 'Size of the event log beyond which the oldest events are deleted.',
    reloadable: true,
  }),
  'recent-decisions': key({
    kind: wholeNumber({ min: 1 }),
    unit: 'decisions',
    default: 1000,
    description: 'Decisions kept in memory to be shown.',
  }),
  safeguards: key({
    kind: oneOf('on', 'off'),
    default: 'on',
    description:
      'A model whose cuts, failures or reloads rise beyond those of its first hour passes through, until the cool-down is over or it is lifted by hand.',
    reloadable: true,
  }),
  'safeguard-cooldown-seconds': key({
    kind: numeric({ above: 0 }),
    unit: 's',
    default: 3600,
    description: 'Time for which such a model passes through.',
    reloadable: true,
  }),
  'control-percent': key({
    kind: numeric({ min: 0, max: 100 }),
    unit: '%',
    default: 0,
    description:
      'Share of sessions that go as they came, for safeguards to compare the others with: a conversation, or the calls of one kind by one client in an hour. 1 is enough.',
    reloadable: true,
  }),
  'policy.unknown-window': optional({
    kind: wholeNumber({ min: 256 }),
    unit: 'tokens',
    defaultInWords: 'as the active policy has it',
    description: 'Window that a load opens with while nothing is known of the model, when that holds the request.',
    reloadable: true,
  }),
  'policy.margin': optional({
    kind: numeric({ min: 0 }),
    defaultInWords: 'as the active policy has it',
    description: 'Share of the need that is added to it for what the estimate misses; .1 is 10 %.',
    reloadable: true,
  }),
  'policy.headroom': optional({
    kind: numeric({ min: 1 }),
    defaultInWords: 'as the active policy has it',
    description:
      'How much more than the need is taken when a load happens anyway, as a factor, while windows are not priced.',
    reloadable: true,
  }),
  'retrain-at': optional({
    kind: timeOfDay,
    defaultInWords: 'never',
    description:
      'Time of day at which the policy is trained anew from the log; it decides only if it is better beyond noise on later traffic.',
    reloadable: true,
  }),
  'admin.key': optional({
    kind: text('a text of at least 16 characters', 16),
    description:
      'Key that may read and change through the admin API, as `Authorization: Bearer KEY`. Without a key only this machine may, without one.',
    defaultInWords: 'none',
    secret: true,
    reloadable: true,
  }),
  'admin.read-key': optional({
    kind: text('a text of at least 16 characters', 16),
    description: 'Key that may only read: for metrics and pages.',
    defaultInWords: 'none',
    secret: true,
    reloadable: true,
  }),
  'admin.origins': key({
    kind: listOf(httpOrigin()),
    default: [],
    defaultInWords: 'none',
    description: 'Origins whose web pages may use the admin API.',
    reloadable: true,
  }),
  'admin.requests-per-minute': key({
    kind: wholeNumber({ min: 1 }),
    default: 600,
    description: 'Requests to the admin API from one address before it is told to wait.',
    reloadable: true,
  }),
  'metrics.open': key({
    kind: yesOrNo(),
    default: false,
    description: 'Lets everybody who reaches the gateway read `/metrics`; else it takes what the admin API takes.',
    reloadable: true,
  }),
  'metrics.models': key({
    kind: wholeNumber({ min: 0 }),
    default: 50,
    description: 'Models told apart in metrics; the rest are `other`.',
  }),
  'metrics.clients': key({
    kind: wholeNumber({ min: 0 }),
    default: 50,
    description: 'Clients told apart in metrics; the rest are `other`.',
  }),
} as const;

export type GatewayKeys = typeof KEYS;
export type GatewayValues = Values<GatewayKeys>;
