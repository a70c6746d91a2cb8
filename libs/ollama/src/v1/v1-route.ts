/** The routes in other vendors' dialects that ask a model for text. */
export type V1Route = 'chat' | 'completions' | 'messages' | 'responses';

export const V1_ROUTES: readonly V1Route[] = ['chat', 'completions', 'messages', 'responses'];

const BY_PATH: ReadonlyMap<string, V1Route> = new Map([
  ['/v1/chat/completions', 'chat'],
  ['/v1/completions', 'completions'],
  ['/v1/messages', 'messages'],
  ['/v1/responses', 'responses'],
]);

/** The route on exactly this path (without query); null for every other. */
export function v1RouteOf(path: string): V1Route | null {
  return BY_PATH.get(path) ?? null;
}
