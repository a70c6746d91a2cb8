import type { NativeAnswer, NativeToolCall } from './native-answer.js';

/** What a response repeats of its request. */
export interface ResponsesEcho {
  readonly model: string;
  readonly instructions: string | null;
  readonly maxOutputTokens: number | null;
  readonly temperature: number;
  readonly topP: number;
  readonly tools: readonly object[];
  readonly truncation: string;
  readonly background: boolean;
  readonly format: object;
  readonly effort: string;
  readonly summary: string;
}

/** The parts of a response object that differ between its beginning and its end. */
export interface ResponseState {
  readonly id: string;
  readonly status: 'in_progress' | 'completed' | 'failed';
  readonly created: number;
  readonly completed: number | null;
  readonly output: readonly object[];
  readonly usage: object | null;
  readonly error?: object;
}

/** A response as the Responses API has it. `nulls`: what is not set is shown as null, as in streams. */
export function responseObject(echo: ResponsesEcho, state: ResponseState, nulls: boolean): object {
  return {
    id: state.id,
    object: 'response',
    created_at: state.created,
    completed_at: state.completed,
    status: state.status,
    incomplete_details: null,
    model: echo.model,
    previous_response_id: null,
    instructions: echo.instructions,
    output: state.output,
    error: state.error ?? null,
    tools: echo.tools,
    tool_choice: 'auto',
    truncation: echo.truncation,
    parallel_tool_calls: true,
    text: { format: echo.format },
    top_p: echo.topP,
    presence_penalty: 0,
    frequency_penalty: 0,
    top_logprobs: 0,
    temperature: echo.temperature,
    reasoning: reasoningOf(echo, nulls),
    usage: state.usage,
    max_output_tokens: echo.maxOutputTokens,
    max_tool_calls: null,
    store: false,
    background: echo.background,
    service_tier: 'default',
    metadata: {},
    safety_identifier: null,
    prompt_cache_key: null,
  };
}

function reasoningOf({ effort, summary }: ResponsesEcho, nulls: boolean): object | null {
  if (effort === '' && summary === '') return null;
  const absent = nulls ? null : undefined;
  return { effort: effort || absent, summary: summary || absent };
}

export function responsesUsage({ promptTokens, outputTokens, cachedTokens }: NativeAnswer): object {
  return {
    input_tokens: promptTokens,
    output_tokens: outputTokens,
    total_tokens: promptTokens + outputTokens,
    input_tokens_details: { cached_tokens: cachedTokens ?? 0 },
    output_tokens_details: { reasoning_tokens: 0 },
  };
}

export function textPart(text: string): object {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

export function messageItem(id: string, text: string): object {
  return { id, type: 'message', status: 'completed', role: 'assistant', content: [textPart(text)] };
}

export function reasoningItem(id: string, text: string): object {
  return { id, type: 'reasoning', summary: [{ type: 'summary_text', text }], encrypted_content: text };
}

export function callItem(id: string, call: NativeToolCall): object {
  return {
    id,
    type: 'function_call',
    status: 'completed',
    call_id: call.id,
    name: call.name,
    arguments: call.arguments,
  };
}
