import type { Kind } from '@rightsize/configuration';
import type { ClientWindowSetting } from '@rightsize/optimizer';

const RULES: readonly string[] = ['hint', 'floor', 'exact'] satisfies readonly ClientWindowSetting['rule'][];

/** `[MODEL][@CLIENT=]RULE`, say `exact`, `qwen*=floor` or `qwen*@aider=exact`. */
export const clientWindowRule: Kind<ClientWindowSetting> = {
  accepts: 'one of hint, floor, exact, with [MODEL][@CLIENT]= before it or without',
  parse: (input) => {
    if (typeof input !== 'string') return undefined;
    const equals = input.lastIndexOf('=');
    const rule = input.slice(equals + 1);
    if (!isRule(rule)) return undefined;
    if (equals < 0) return { rule };
    const [model = '', client = ''] = input.slice(0, equals).split('@');
    return { model: model || '*', client: client || '*', rule };
  },
};

function isRule(rule: string): rule is ClientWindowSetting['rule'] {
  return RULES.includes(rule);
}
