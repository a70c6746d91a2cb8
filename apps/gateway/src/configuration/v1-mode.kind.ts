import type { Kind } from '@rightsize/configuration';
import { V1_ROUTES, type V1Route } from '@rightsize/ollama';
import type { V1Mode, V1Modes } from '@rightsize/nest';

/** `pass` for all routes, `messages=pass` for one. */
export interface V1Rule {
  readonly route: V1Route | null;
  readonly mode: V1Mode;
}

export const v1Rule: Kind<V1Rule> = {
  accepts: `translate, alias or pass, with one of ${V1_ROUTES.join('=, ')}= before it or without`,
  parse: (input) => {
    if (typeof input !== 'string') return undefined;
    const [first = '', second] = input.split('=');
    const mode = second ?? first;
    if (mode !== 'translate' && mode !== 'alias' && mode !== 'pass') return undefined;
    if (second === undefined) return { route: null, mode };
    const route = V1_ROUTES.find((each) => each === first);
    return route && { route, mode };
  },
};

/** What rules say, and nothing of routes that they do not name. Later ones go before earlier ones. */
export function v1ModesToldBy(rules: readonly V1Rule[]): Partial<V1Modes> {
  return rules.reduce<Partial<V1Modes>>(
    (modes, { route, mode }) =>
      route === null ? { chat: mode, completions: mode, messages: mode, responses: mode } : { ...modes, [route]: mode },
    {},
  );
}

export function v1ModesOf(rules: readonly V1Rule[], byDefault: V1Modes): V1Modes {
  return { ...byDefault, ...v1ModesToldBy(rules) };
}
