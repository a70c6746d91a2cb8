/** In whose words an error is told. */
export type Dialect = 'native' | 'openai' | 'anthropic';

/** The dialect spoken on a path (without its query). */
export function dialectOf(path: string): Dialect {
  if (path === '/v1/messages' || path.startsWith('/v1/messages/')) return 'anthropic';
  return path === '/v1' || path.startsWith('/v1/') ? 'openai' : 'native';
}

/** The JSON text of an error body, as clients of that dialect expect it for an HTTP status. */
export function errorBody(dialect: Dialect, status: number, message: string): string {
  switch (dialect) {
    case 'native':
      return JSON.stringify({ error: message });
    case 'openai':
      return JSON.stringify({ error: { message, type: openaiType(status), param: null, code: null } });
    case 'anthropic':
      return JSON.stringify({ type: 'error', error: { type: anthropicType(status), message } });
  }
}

function openaiType(status: number): string {
  if (status === 404) return 'not_found_error';
  return status < 500 ? 'invalid_request_error' : 'api_error';
}

function anthropicType(status: number): string {
  if (status === 413) return 'request_too_large';
  if (status === 404) return 'not_found_error';
  if (status === 503) return 'overloaded_error';
  return status < 500 ? 'invalid_request_error' : 'api_error';
}
